// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Lists key pairs.
struct DescribeKeyPairsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeKeyPairs"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeKeyPairs, in context: OperationContext) async throws
        -> EC2.DescribeKeyPairs.Response
    {
        let filters = try EC2Filters(request.filter)
        let table = AttributeTable.keyPairs
        try table.check(filters)
        let (names, ids) = (request.keyName ?? [], request.keyPairId ?? [])
        let pairs = try await pool.run { try candidates(names, ids, filters) }
        if let name = names.first(where: { name in !pairs.contains { $0.name == name } }) {
            throw ServiceError.keyPairNotFound(name: name)
        }
        if let id = ids.first(where: { id in !pairs.contains { $0.id == id } }) {
            throw ServiceError.keyPairNotFound(id: id)
        }
        try ec2.checkDryRun(request)
        let list = pairs.filter { table.passes($0, filters) }
            .map { pair in
                EC2.DescribeKeyPairs.KeyPair(
                    keyPairId: pair.id,
                    keyName: pair.name,
                    keyType: pair.type,
                    keyFingerprint: pair.fingerprint,
                    createTime: pair.created,
                    publicKey: request.includePublicKey == true ? "\(pair.publicKey.line) \(pair.name)" : nil,
                    tagSet: EC2Service.list(pair.tags)
                )
            }
        return EC2.DescribeKeyPairs.Response(keySet: list)
    }

    /// The key pairs with these names and these ids; without any, all that a filter may let pass. A request for few by their
    /// names waits for few.
    private func candidates(_ names: [String], _ ids: [String], _ filters: EC2Filters) throws -> [KeyPair] {
        if !names.isEmpty || !ids.isEmpty { return try store.keyPairs(named: names, withIDs: ids) }
        if let names = filters.literals(of: "key-name") { return try store.keyPairs(named: names, withIDs: []) }
        if let ids = filters.literals(of: "key-pair-id") { return try store.keyPairs(named: [], withIDs: ids) }
        return try store.keyPairs()
    }
}

extension AttributeTable where Element == KeyPair {
    /// All that DescribeKeyPairs may be filtered by (EC2 API Reference, version 2016-11-15).
    static let keyPairs: AttributeTable = {
        var table = AttributeTable { EC2Service.list($0.tags) }
        table["fingerprint"] = { [$0.fingerprint] }
        table["key-name"] = { [$0.name] }
        table["key-pair-id"] = { [$0.id] }
        return table
    }()
}
