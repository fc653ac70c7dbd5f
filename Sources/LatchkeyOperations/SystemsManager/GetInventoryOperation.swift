// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Lists what agents report of their machines, which is of one type: `AWS:InstanceInformation`.
struct GetInventoryOperation: SystemsManagerOperation {
    static let action: Action = "ssm:GetInventory"

    let ssm: SystemsManager

    func execute(_ request: GetInventory, in context: OperationContext) async throws -> GetInventory.Response {
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
}
