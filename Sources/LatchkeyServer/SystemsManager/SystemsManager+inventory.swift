// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

/// What agents report of their machines, which is of one type: `AWS:InstanceInformation`.
extension SystemsManager {
    func getInventory(_ request: GetInventory) async throws -> GetInventory.Response {
        guard request.aggregators?.isEmpty != false else {
            throw ServiceError(code: "InvalidAggregatorException", message: "nothing is aggregated here")
        }
        for attribute in request.resultAttributes ?? [] { try InventoryRecord.checkType(attribute.typeName) }
        let tests = try (request.filters ?? []).map(InventoryTest.init)
        let limit = try SystemsManager.limit(request.maxResults)
        var cursor = try SystemsManager.cursor(request.nextToken)
        let known = tests.compactMap(\.instanceIDs).map { ManagedInstanceFilter.instanceIDs($0) }
        let isWanted =
            request.resultAttributes.map { $0.contains { $0.typeName == InventoryRecord.type } } ?? true
        var entities: [GetInventory.Entity] = []
        while true {
            let (place, left) = (cursor, limit - entities.count)
            // Filters are about what is told of an agent: so many are looked at until enough of them pass.
            let page = try await pool.run {
                try store.managedInstances(known, limit: left, after: place)
            }
            for agent in page.elements {
                let record = InventoryRecord(agent)
                guard tests.allSatisfy({ $0.passes(record) }) else { continue }
                let data = isWanted ? [InventoryRecord.type: record.item] : [:]
                entities.append(GetInventory.Entity(id: agent.instanceID, data: data))
            }
            cursor = page.next
            if cursor == nil || entities.count == limit { break }
        }
        return GetInventory.Response(entities: entities, nextToken: cursor?.text)
    }

    func listInventoryEntries(_ request: ListInventoryEntries) async throws -> ListInventoryEntries.Response {
        try InventoryRecord.checkType(request.typeName)
        let tests = try (request.filters ?? []).map(InventoryTest.init)
        _ = try SystemsManager.limit(request.maxResults)
        // All entries are on the first page.
        if request.nextToken != nil { throw SystemsManager.invalidToken }
        let id = request.instanceId
        let found = try await pool.run { try store.managedInstances([.instanceIDs([id])], limit: 1).elements }
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
