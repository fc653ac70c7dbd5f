// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    package func describeInstances(
        _ filters: [InstanceFilter] = [],
        ids: [Instance.ID]? = nil,
        limit: Int,
        after last: Instance.ID? = nil
    ) throws -> (page: [InstanceDescription], hasMore: Bool) {
        var conditions = Conditions()
        conditions.add("instance.id > ? AND instance.id < 'i.'", [last ?? "i-"])
        if let ids {
            // One value, so that thousands of them are no statement of their own.
            conditions.add("instance.id IN (SELECT value FROM json_each(?))", [try SQLiteStore.json(ids)])
        }
        return try read { database in
            for filter in filters { try filter.add(to: &conditions, database) }
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT instance.id, instance.state, instance.keyName, instance.port, instance.user, instance.created,
                        \(SQLiteStore.launchColumns) FROM instance
                    LEFT JOIN launch ON launch.instanceID = instance.id
                    \(conditions.clause) ORDER BY instance.id LIMIT ?
                    """,
                arguments: conditions.arguments + [limit + 1]
            )
            var page = try rows.prefix(limit).map(SQLiteStore.description)
            try SQLiteStore.addTags(to: &page, database)
            try SQLiteStore.addAddresses(to: &page, database)
            return (page, rows.count > page.count)
        }
    }

    private static func description(_ row: Row) throws -> InstanceDescription {
        InstanceDescription(
            id: row["id"],
            state: try known(InstanceState(rawValue: row["state"])),
            keyName: row["keyName"],
            port: row["port"],
            user: row["user"],
            created: Date(milliseconds: row["created"]),
            launch: (row["instanceID"] as String?) == nil ? nil : launchRecord(row)
        )
    }

    /// Adds tags, and takes away what is too much for one page, before it is in memory.
    private static func addTags(to page: inout [InstanceDescription], _ database: Database) throws {
        let places = Dictionary(uniqueKeysWithValues: page.enumerated().map { ($0.element.id, $0.offset) })
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT instanceID, key, value FROM instanceTag
                WHERE instanceID IN (SELECT value FROM json_each(?)) ORDER BY instanceID, key
                """,
            arguments: [try json(page.map(\.id))]
        )
        var budget = PageBudget()
        // How many instances, from the page's beginning, have their place in it.
        var taken = 0
        func take(through place: Int) -> Bool {
            while taken <= place, budget.takes(PageBudget.element) { taken += 1 }
            return taken > place
        }
        while let row = try rows.next() {
            // In the page's order.
            guard let place = places[row[0] as String] else { continue }
            let (key, value) = ((row[1] as String).cut(to: .tagKey), (row[2] as String).cut(to: .tagValue))
            guard take(through: place), budget.takes(PageBudget.size(ofTag: key, value)) || place == 0 else {
                page.removeSubrange(min(taken, place)...)
                return
            }
            page[place].tags.append((key, value))
        }
        if !take(through: page.count - 1) { page.removeSubrange(taken...) }
    }

    private static func addAddresses(to page: inout [InstanceDescription], _ database: Database) throws {
        let places = Dictionary(uniqueKeysWithValues: page.enumerated().map { ($0.element.id, $0.offset) })
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT instanceID, address FROM instanceAddress
                WHERE instanceID IN (SELECT value FROM json_each(?)) ORDER BY instanceID, position
                """,
            arguments: [try json(page.map(\.id))]
        )
        while let row = try rows.next() {
            if let place = places[row[0] as String] { page[place].addresses.append(row[1]) }
        }
    }

    package func knownInstanceIDs(among ids: [Instance.ID]) throws -> Set<Instance.ID> {
        try read { database in
            try String.fetchSet(
                database,
                sql: "SELECT id FROM instance WHERE id IN (SELECT value FROM json_each(?))",
                arguments: [try SQLiteStore.json(ids)]
            )
        }
    }

    /// The same value is the same text.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
