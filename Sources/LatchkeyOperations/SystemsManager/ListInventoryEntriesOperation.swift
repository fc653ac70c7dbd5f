// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Tells what one agent reports of its machine.
struct ListInventoryEntriesOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ListInventoryEntries"

    let ssm: SystemsManager

    func resources(of request: ListInventoryEntries) -> [Resource] {
        [.instance(request.instanceId)]
    }

    func execute(_ request: ListInventoryEntries, in context: OperationContext) async throws
        -> ListInventoryEntries.Response
    {
        try InventoryRecord.checkType(request.typeName)
        let tests = try (request.filters ?? []).map(InventoryTest.init)
        _ = try SystemsManager.limit(request.maxResults)
        // All entries are on the first page.
        if request.nextToken != nil { throw SystemsManager.invalidToken }
        let id = request.instanceId
        let found = try await pool.run {
            try store.managedInstances([.instanceIDs([id])], limit: 1, after: nil).elements
        }
        guard let agent = found.first else {
            throw ServiceError(
                code: "InvalidInstanceId",
                message: "no agent of an instance '\(id.cut(to: .quotation))' has registered itself"
            )
        }
        let record = InventoryRecord(agent)
        let isThere = request.typeName == InventoryRecord.type && tests.allSatisfy { $0.passes(record) }
        return ListInventoryEntries.Response(
            typeName: request.typeName,
            instanceId: id,
            schemaVersion: InventoryRecord.version,
            captureTime: record.item.captureTime,
            entries: isThere ? [record.content] : []
        )
    }
}
