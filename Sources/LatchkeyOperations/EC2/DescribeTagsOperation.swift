// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Lists tags, each with its resource.
struct DescribeTagsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeTags"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeTags, in context: OperationContext) async throws -> EC2.DescribeTags.Response {
        var filters = try EC2Filters(request.filter)
        let known = try filters.take { name, patterns in TagFilter(name: name, patterns: patterns) }
        try filters.checkEmpty()
        let limit = try EC2Service.limit(request.maxResults, 5...1000, otherwise: 1000)
        let last = try request.nextToken.map { token throws(ServiceError) in try Self.cursor(token) }
        try ec2.checkDryRun(request)
        let (page, next) = try await pool.run { try store.describeTags(known, limit: limit, after: last) }
        let list = page.map { tag in
            EC2.DescribeTags.Description(
                resourceId: tag.resourceID,
                resourceType: tag.resourceID.hasPrefix(Identifier.keyPairPrefix) ? "key-pair" : "instance",
                key: tag.key,
                value: tag.value
            )
        }
        return EC2.DescribeTags.Response(tagSet: list, nextToken: next.map { Self.token($0.resourceID, $0.key) })
    }

    private static func token(_ id: String, _ key: String) -> String {
        Data("\(id) \(key)".utf8).base64EncodedString()
    }

    private static func cursor(_ token: String) throws(ServiceError) -> (resourceID: String, key: String) {
        let text = Data(base64Encoded: token).flatMap { String(validating: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: " ", maxSplits: 1)
        let prefixes = [Identifier.instancePrefix, Identifier.keyPairPrefix]
        guard parts.count == 2, prefixes.contains(where: { parts[0].hasPrefix($0) }) else {
            throw EC2Service.invalidToken
        }
        return (String(parts[0]), String(parts[1]))
    }
}
