// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

extension EC2Service {
    private static let resourceLimit = 1000

    func createTags(_ request: EC2.CreateTags) async throws -> EC2.Done {
        let tags = try EC2Service.check(request.tag)
        if tags.isEmpty { throw ServiceError.missingParameter("Tag") }
        let ids = try EC2Service.resources(request.resourceId)
        try await pool.write {
            try checkResources(ids)
            try checkDryRun(request)
            try store.setTags(tags, ofResources: ids)
        }
        return EC2.Done()
    }

    func deleteTags(_ request: EC2.DeleteTags) async throws -> EC2.Done {
        let ids = try EC2Service.resources(request.resourceId)
        let tags = request.tag?.map { (key: $0.key, value: $0.value) }
        try await pool.write {
            try checkResources(ids)
            try checkDryRun(request)
            try store.removeTags(tags, ofResources: ids)
        }
        return EC2.Done()
    }

    private static func resources(_ ids: [String]) throws(ServiceError) -> [String] {
        if ids.isEmpty { throw .missingParameter("ResourceId") }
        guard ids.count <= resourceLimit else {
            throw .invalidParameter("Tags of \(resourceLimit) resources at the most can be changed at once")
        }
        return ids
    }

    /// That all of them are there. They are looked for again when their tags are changed.
    private func checkResources(_ ids: [String]) throws { try store.setTags([:], ofResources: ids) }

    func describeTags(_ request: EC2.DescribeTags) async throws -> EC2.DescribeTags.Response {
        var filters = try EC2Filters(request.filter)
        let known = try filters.take { name, patterns in TagFilter(name: name, patterns: patterns) }
        try filters.checkEmpty()
        let limit = try EC2Service.limit(request.maxResults, 5...1000, otherwise: 1000)
        let last = try request.nextToken.map { token throws(ServiceError) in try EC2Service.cursor(token) }
        try checkDryRun(request)
        let (page, next) = try await pool.run { try store.describeTags(known, limit: limit, after: last) }
        let list = page.map { tag in
            EC2.DescribeTags.Description(
                resourceId: tag.resourceID,
                resourceType: tag.resourceID.hasPrefix(Identifier.keyPairPrefix) ? "key-pair" : "instance",
                key: tag.key,
                value: tag.value
            )
        }
        return EC2.DescribeTags.Response(tagSet: list, nextToken: next.map { EC2Service.token($0.resourceID, $0.key) })
    }

    private static func token(_ id: String, _ key: String) -> String {
        Data("\(id) \(key)".utf8).base64EncodedString()
    }

    private static func cursor(_ token: String) throws(ServiceError) -> (resourceID: String, key: String) {
        let text = Data(base64Encoded: token).flatMap { String(validating: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: " ", maxSplits: 1)
        let prefixes = [Identifier.instancePrefix, Identifier.keyPairPrefix]
        guard parts.count == 2, prefixes.contains(where: { parts[0].hasPrefix($0) }) else { throw invalidToken }
        return (String(parts[0]), String(parts[1]))
    }
}
