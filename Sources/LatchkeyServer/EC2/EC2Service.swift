// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

/// EC2's operations (Query API, version 2016-11-15) on key pairs, instances and tags.
struct EC2Service: Sendable {
    static let version = "2016-11-15"
    private static let namespace = "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""

    let store: Store
    let workers: Workers
    let region: String
    /// Nil where there is no container engine.
    let launcher: (any InstanceLauncher)?

    private static let nothing: Answer = { _ in }

    /// What an operation answers with, inside its element and behind the request's id.
    typealias Answer = @Sendable (inout XMLWriter) -> Void

    private typealias Operation = @Sendable (EC2Service, QueryParameters) throws -> Answer

    private static let operations: [String: Operation] = [
        "CreateKeyPair": { try $0.createKeyPair($1) },
        "ImportKeyPair": { try $0.importKeyPair($1) },
        "DescribeKeyPairs": { try $0.describeKeyPairs($1) },
        "DeleteKeyPair": { try $0.deleteKeyPair($1) },
        "CreateTags": { try $0.createTags($1) },
        "DeleteTags": { try $0.deleteTags($1) },
        "DescribeTags": { try $0.describeTags($1) },
        "DescribeInstances": { try $0.describeInstances($1) },
        "DescribeInstanceStatus": { try $0.describeInstanceStatus($1) },
        "GetPasswordData": { try $0.getPasswordData($1) },
        "DescribeRegions": { try $0.describeRegions($1) },
        "DescribeAvailabilityZones": { try $0.describeAvailabilityZones($1) },
    ]

    private typealias LaunchOperation = @Sendable (EC2Service, QueryParameters) async throws -> Answer

    /// Those that need what launches instances.
    private static let launchOperations: [String: LaunchOperation] = [
        "RunInstances": { try await $0.runInstances($1) },
        "StartInstances": { try await $0.startInstances($1) },
        "StopInstances": { try await $0.stopInstances($1) },
        "RebootInstances": { try await $0.rebootInstances($1) },
        "TerminateInstances": { try await $0.terminateInstances($1) },
        "DescribeImages": { try await $0.describeImages($1) },
        "GetConsoleOutput": { try await $0.getConsoleOutput($1) },
    ]

    /// - Returns: the document.
    /// - Throws: `QueryError`, `LatchkeyError`.
    func answer(_ action: String, _ parameters: QueryParameters, requestID: String) async throws -> [UInt8] {
        let launchOperation = EC2Service.launchOperations[action]
        guard launchOperation != nil || EC2Service.operations[action] != nil else {
            throw QueryError(
                code: "InvalidAction",
                message: "The action \(action.prefix(128)) is not valid for this web service."
            )
        }
        if let version = parameters["Version"], version != EC2Service.version {
            throw QueryError(
                code: "InvalidAction",
                message: "The version \(version.prefix(32)) of the action is not known; \(EC2Service.version) is."
            )
        }
        let content: Answer
        if let launchOperation {
            content = try await launchOperation(self, parameters)
        } else {
            content = try await workers.run { [self] in
                try EC2Service.operations[action]?(self, parameters) ?? EC2Service.nothing
            }
        }
        var xml = XMLWriter()
        xml.element("\(action)Response", EC2Service.namespace) { xml in
            xml.element("requestId", text: requestID)
            content(&xml)
        }
        return xml.bytes
    }

    // MARK: What several operations need

    /// - Throws: `dryRun` if the request is only to tell whether it would succeed: to be asked when it would.
    func stopAtDryRun(_ parameters: QueryParameters) throws(QueryError) {
        if parameters["DryRun"] == "true" { throw .dryRun }
    }

    func required(_ name: String, _ parameters: QueryParameters) throws(QueryError) -> String {
        guard let value = parameters[name], !value.isEmpty else { throw .missing(name) }
        return value
    }

    /// The tags of a request for things of a kind that are made with it.
    func specifiedTags(_ kind: String, _ parameters: QueryParameters) throws -> Tags {
        var tags: Tags = [:]
        for specification in parameters.structures("TagSpecification") {
            guard specification["ResourceType"] == kind else {
                throw QueryError.invalid(
                    "'\(specification["ResourceType"]?.prefix(64) ?? "")' is not a valid taggable resource type for this operation."
                )
            }
            tags.merge(try readTags(specification.structures("Tag"))) { _, last in last }
        }
        return tags
    }

    func readTags(_ structures: [QueryParameters]) throws -> Tags {
        var tags: Tags = [:]
        for structure in structures {
            guard let key = structure["Key"] else { throw QueryError.missing("Tag.Key") }
            guard !key.lowercased().hasPrefix("aws:") else {
                throw QueryError.invalid("Tag keys starting with 'aws:' are reserved for internal use")
            }
            let value = structure["Value"] ?? ""
            do { try Names.tag(key: key, value: value) } catch let error as LatchkeyError {
                throw QueryError.invalid(error.message)
            }
            tags[key] = value
        }
        guard tags.count <= 50 else {
            throw QueryError(code: "TagLimitExceeded", message: "A resource can have 50 tags at the most.")
        }
        return tags
    }

    /// The filters of a request: a name and the values, of which one must fit.
    func filters(_ parameters: QueryParameters) throws(QueryError) -> [(name: String, values: [String])] {
        var filters: [(name: String, values: [String])] = []
        for structure in parameters.structures("Filter") {
            guard let name = structure["Name"] else { throw .missing("Filter.Name") }
            let values = structure.list("Value")
            guard !values.isEmpty else { throw .invalid("The filter '\(name.prefix(128))' has no value") }
            filters.append((name, values))
        }
        return filters
    }

    /// The numbers of a part that is asked for.
    func page(_ parameters: QueryParameters, limits: ClosedRange<Int>) throws(QueryError) -> (
        limit: Int, after: String?
    ) {
        var limit = limits.upperBound
        if let text = parameters["MaxResults"] {
            guard let number = Int(text), limits.contains(number) else {
                throw .invalid(
                    "Value (\(text.prefix(20))) for parameter maxResults is invalid. Expecting \(limits.lowerBound) to \(limits.upperBound)."
                )
            }
            limit = number
        }
        guard let token = parameters["NextToken"], !token.isEmpty else { return (limit, nil) }
        guard token.utf8.count <= 128, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw QueryError(code: "InvalidNextToken", message: "The token '\(token.prefix(32))' is not valid")
        }
        return (limit, token)
    }
}

extension XMLWriter {
    mutating func tags(_ tags: Tags, _ name: String = "tagSet") {
        guard !tags.isEmpty else { return }
        list(name, tags.sorted { $0.key < $1.key }) { xml, tag in
            xml.element("key", text: tag.key)
            xml.element("value", text: tag.value)
        }
    }
}
