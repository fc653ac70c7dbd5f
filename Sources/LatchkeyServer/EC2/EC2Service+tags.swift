// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

extension EC2Service {
    func createTags(_ parameters: QueryParameters) throws -> Answer {
        let ids = parameters.list("ResourceId")
        guard !ids.isEmpty else { throw QueryError.missing("ResourceId") }
        let tags = try readTags(parameters.structures("Tag"))
        guard !tags.isEmpty else { throw QueryError.missing("Tag") }
        try checkTaggable(ids)
        try stopAtDryRun(parameters)
        try changing { try store.changeTags(of: ids, set: tags, remove: []) }
        return { $0.element("return", true) }
    }

    func deleteTags(_ parameters: QueryParameters) throws -> Answer {
        let ids = parameters.list("ResourceId")
        guard !ids.isEmpty else { throw QueryError.missing("ResourceId") }
        try checkTaggable(ids)
        var removed: [(key: String, value: String?)] = []
        for tag in parameters.structures("Tag") {
            guard let key = tag["Key"] else { throw QueryError.missing("Tag.Key") }
            removed.append((key, tag["Value"]))
        }
        try stopAtDryRun(parameters)
        // Without any, all tags go.
        let all = removed.isEmpty ? try store.allTags().filter { ids.contains($0.id) }.map { ($0.key, nil) } : removed
        try changing { try store.changeTags(of: ids, set: [:], remove: all) }
        return { $0.element("return", true) }
    }

    func describeTags(_ parameters: QueryParameters) throws -> Answer {
        let filters = try filters(parameters)
        let (limit, after) = try page(parameters, limits: 5...1000)
        try stopAtDryRun(parameters)
        let all = try store.allTags()
            .filter { tag in
                try filters.allSatisfy { filter in
                    func fits(_ text: String) -> Bool { filter.values.contains { Wildcard($0).matches(text) } }
                    switch filter.name {
                    case "key", "tag-key": return fits(tag.key)
                    case "value": return fits(tag.value)
                    case "resource-id": return fits(tag.id)
                    case "resource-type": return fits(EC2Service.kind(tag.id))
                    case _ where filter.name.hasPrefix("tag:"):
                        return tag.key == filter.name.dropFirst(4) && fits(tag.value)
                    default: throw QueryError.unknownFilter(filter.name)
                    }
                }
            }
        let start = after.flatMap { Int($0) } ?? 0
        guard start >= 0 else { throw QueryError(code: "InvalidNextToken", message: "The token is not valid") }
        let found = Array(all.dropFirst(start).prefix(limit))
        let next = start + found.count < all.count ? String(start + found.count) : nil
        return { xml in
            xml.list("tagSet", found) { xml, tag in
                xml.element("resourceId", text: tag.id)
                xml.element("resourceType", text: EC2Service.kind(tag.id))
                xml.element("key", text: tag.key)
                xml.element("value", text: tag.value)
            }
            xml.element("nextToken", ifAny: next)
        }
    }

    private static func kind(_ id: String) -> String {
        id.hasPrefix(Identifier.keyPairPrefix) ? "key-pair" : "instance"
    }

    private func checkTaggable(_ ids: [String]) throws(QueryError) {
        for id in ids where !Identifier.looksLikeInstanceID(id) && !id.hasPrefix(Identifier.keyPairPrefix) {
            throw QueryError(code: "InvalidID", message: "The ID '\(id.prefix(64))' is not valid")
        }
    }

    private func changing(_ body: () throws -> Void) throws {
        do { try body() } catch let error as LatchkeyError {
            switch error.code {
            case .instanceNotFound:
                throw QueryError(code: "InvalidInstanceID.NotFound", message: error.message)
            case .keyNotFound: throw QueryError(code: "InvalidKeyPair.NotFound", message: error.message)
            // A name belongs to one instance here, since instances are entered by it.
            case .instanceExists: throw QueryError.invalid(error.message)
            default: throw error
            }
        }
    }
}
