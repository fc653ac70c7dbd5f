// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    /// Bytes of the names and tags of all key pairs.
    private static let keyPairTextLimit = 1 << 20

    package func describeTags(
        _ filters: [TagFilter],
        limit: Int,
        after last: (resourceID: String, key: String)? = nil
    ) throws -> (page: [TagDescription], next: (resourceID: String, key: String)?) {
        var conditions = Conditions()
        if let last { conditions.add("(resourceID, key) > (?, ?)", [last.resourceID, last.key]) }
        for filter in filters { filter.add(to: &conditions) }
        return try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT resourceID, key, value FROM (
                        SELECT instanceID AS resourceID, 'instance' AS resourceType, key, value FROM instanceTag
                        WHERE instanceID >= 'i-' AND instanceID < 'i.'
                        UNION ALL
                        SELECT keyPairID, 'key-pair', key, value FROM keyPairTag
                    ) \(conditions.clause) ORDER BY resourceID, key LIMIT ?
                    """,
                arguments: conditions.arguments + [limit + 1]
            )
            var budget = PageBudget()
            var page: [TagDescription] = []
            var next: (resourceID: String, key: String)?
            for row in rows.prefix(limit) {
                let key = row[1] as String
                let tag = TagDescription(
                    resourceID: row[0],
                    key: key.cut(to: .tagKey),
                    value: (row[2] as String).cut(to: .tagValue)
                )
                guard budget.takes(PageBudget.size(ofTag: tag.key, tag.value)) else { break }
                page.append(tag)
                // Behind all that begin so: a key from before there were limits is not carried along.
                next = (tag.resourceID, key == tag.key ? key : tag.key + "\u{10FFFF}")
            }
            return (page, rows.count > page.count ? next : nil)
        }
    }

    package func setTags(_ tags: Tags, ofResources ids: [String]) throws {
        try write { database in
            let isName = tags[Tags.nameKey] != nil && ids.contains { $0.hasPrefix(Identifier.instancePrefix) }
            if isName { try SQLiteStore.checkName(in: tags, of: ids, database) }
            for id in ids {
                let (table, column) = try SQLiteStore.tagTable(of: id, database)
                if table == "instanceTag", let name = tags[Tags.nameKey] {
                    try SQLiteStore.noteSkeleton(of: name, id, database)
                }
                for (key, value) in tags {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO \(table) (\(column), key, value) VALUES (?, ?, ?)",
                        arguments: [id, key, value]
                    )
                }
                let count = try Int.fetchOne(
                    database,
                    sql: "SELECT COUNT(*) FROM \(table) WHERE \(column) = ?",
                    arguments: [id]
                )
                if count ?? 0 > StoreLimit.tagsPerResource { throw TaggingFault.tooMany(id) }
            }
            if !tags.isEmpty, ids.contains(where: { $0.hasPrefix(Identifier.keyPairPrefix) }) {
                try SQLiteStore.checkKeyPairTexts(database)
            }
        }
    }

    /// Key pairs are told of in one answer, as at EC2, which has no pages of them: so their names and tags have a limit together.
    ///
    /// - Throws: `usage`.
    static func checkKeyPairTexts(_ database: Database) throws {
        let names = try Int.fetchOne(database, sql: "SELECT SUM(LENGTH(name)) FROM keyPair")
        var size = names ?? 0
        let rows = try Row.fetchCursor(database, sql: "SELECT key, value FROM keyPairTag")
        while let row = try rows.next() {
            size += PageBudget.size(ofTag: (row[0] as String).cut(to: .tagKey), (row[1] as String).cut(to: .tagValue))
            guard size <= keyPairTextLimit else {
                throw LatchkeyError(
                    .usage,
                    "the names and tags of all key pairs would have more than \(keyPairTextLimit >> 20) MiB together",
                    hint: "remove tags or key pairs that are of no use any more"
                )
            }
        }
    }

    package func removeTags(_ tags: [(key: String, value: String?)]?, ofResources ids: [String]) throws {
        try write { database in
            for id in ids {
                let (table, column) = try SQLiteStore.tagTable(of: id, database)
                guard let tags else {
                    try database.execute(sql: "DELETE FROM \(table) WHERE \(column) = ?", arguments: [id])
                    continue
                }
                for (key, value) in tags {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE \(column) = ? AND key = ? AND (? IS NULL OR value = ?)",
                        arguments: [id, key, value, value]
                    )
                }
            }
        }
    }

    /// - Throws: `TaggingFault` if there is no such resource.
    private static func tagTable(of id: String, _ database: Database) throws -> (table: String, column: String) {
        if id.hasPrefix(Identifier.keyPairPrefix), try exists("keyPair", "id", id, database) {
            return ("keyPairTag", "keyPairID")
        }
        if id.hasPrefix(Identifier.instancePrefix), try exists("instance", "id", id, database) {
            return ("instanceTag", "instanceID")
        }
        throw TaggingFault.unknown(id)
    }
}
