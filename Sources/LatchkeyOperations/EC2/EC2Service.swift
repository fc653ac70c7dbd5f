// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore
internal import Logging

/// EC2's operations: key pairs, tags, instances, and what launches them.
struct EC2Service: Sendable {
    let store: any ServerStore
    let agents: any AgentDirectory
    let pool: BlockingPool
    /// Nil where there is no container engine.
    let launcher: (any InstanceLauncher)?
    let surroundings: Surroundings
    let log: Logger

    /// The end of a request that asks only if it could be done: so it can.
    func checkDryRun(_ request: some EC2.Request) throws(ServiceError) {
        if request.dryRun == true { throw .dryRun }
    }

    func requireLauncher() throws(ServiceError) -> any InstanceLauncher {
        guard let launcher else { throw .noEngine }
        return launcher
    }

    // MARK: Parameters

    /// The ids of instances that a request names, each once.
    ///
    /// - Throws: `InvalidInstanceID.Malformed`.
    static func instanceIDs(_ ids: [String]) throws(ServiceError) -> [String] {
        var known: Set<String> = []
        var list: [String] = []
        for id in ids where known.insert(id).inserted {
            guard id.hasPrefix(Identifier.instancePrefix), Identifier.looksLikeInstanceID(id) else {
                throw ServiceError(
                    code: "InvalidInstanceID.Malformed",
                    message: "Invalid id: \"\(id.cut(to: .quotation).terminalSafe)\""
                )
            }
            list.append(id)
        }
        return list
    }

    /// How many elements a page has.
    static func limit(
        _ wanted: Int?,
        _ allowed: ClosedRange<Int>,
        otherwise: Int
    ) throws(ServiceError) -> Int {
        guard let wanted else { return otherwise }
        guard allowed.contains(wanted) else {
            throw .invalidParameter(
                "Value ( \(wanted) ) for parameter maxResults is invalid. "
                    + "Expecting a value from \(allowed.lowerBound) to \(allowed.upperBound)."
            )
        }
        return wanted
    }

    static let invalidToken = ServiceError(
        code: "InvalidNextToken",
        message: "The specified NextToken is not one that was given"
    )

    // MARK: Tags

    static func list(_ tags: Tags) -> [EC2.Tag] {
        tags.map { EC2.Tag(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
    }

    /// The tags that an operation gives to what it makes.
    ///
    /// - Parameter types: EC2's words for what it makes.
    /// - Returns: the tags for each of them.
    static func tags(
        _ specifications: [EC2.TagSpecification]?,
        for types: Set<String>
    ) throws -> [String: Tags] {
        var tags: [String: Tags] = [:]
        for specification in specifications ?? [] {
            let type = specification.resourceType ?? ""
            guard types.contains(type) else {
                throw ServiceError.invalidParameter(
                    "'\(type.cut(to: .quotation).terminalSafe)' is not a valid taggable resource type for this operation"
                )
            }
            guard tags.updateValue(try check(specification.tag ?? []), forKey: type) == nil else {
                throw ServiceError.invalidParameter("The tags of a '\(type)' are there twice")
            }
        }
        return tags
    }

    /// Tags that may be set.
    static func check(_ tags: [EC2.TagRequest]) throws -> Tags {
        var checked: Tags = [:]
        for tag in tags {
            if tag.key.lowercased().utf8.starts(with: "aws:".utf8) {
                throw ServiceError.invalidParameter("Tag keys starting with 'aws:' are reserved for internal use")
            }
            try Names.ec2Tag(key: tag.key, value: tag.value ?? "")
            guard checked.updateValue(tag.value ?? "", forKey: tag.key) == nil else {
                throw ServiceError.invalidParameter("Duplicate tag key '\(tag.key)' specified.")
            }
        }
        guard checked.count <= StoreLimit.tagsPerResource else {
            throw ServiceError(
                code: "TagLimitExceeded",
                message: "there are more than \(StoreLimit.tagsPerResource) tags"
            )
        }
        return checked
    }
}
