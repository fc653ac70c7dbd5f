// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel

/// A tag, and whose it is.
package struct TagDescription: Equatable, Sendable {
    /// An instance's or a key pair's id.
    package let resourceID: String
    package let key: String
    package let value: String
}

/// What tags to list: those that fit one of the patterns.
package struct TagFilter: Sendable {
    private let key: String?
    private let column: String
    private let patterns: [WildcardPattern]

    /// - Parameter name: EC2's word: `key`, `value`, `resource-id`, `resource-type`, `tag:…`.
    /// - Returns: nil for a word that means nothing here.
    package init?(name: String, patterns: [WildcardPattern]) {
        self.patterns = patterns
        if name.hasPrefix("tag:") {
            (key, column) = (String(name.dropFirst("tag:".count)), "value")
            return
        }
        key = nil
        switch name {
        case "key", "value": column = name
        case "resource-id": column = "resourceID"
        case "resource-type": column = "resourceType"
        default: return nil
        }
    }

    func add(to conditions: inout Conditions) {
        if let key { conditions.add("key = ?", [key]) }
        InstanceFilter.add(column, patterns, to: &conditions)
    }
}

/// What is wrong with one of several resources of which tags are to be changed.
package enum TaggingFault: Error, Equatable, Sendable {
    case unknown(String)
    case tooMany(String)
}

extension Store {
    /// How many tags a resource may have, as at EC2.
    package static let tagLimit = 50

    /// The tags of instances `i-…` and key pairs, by resource and key.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - last: the resource and the key behind which the page begins.
    package func describeTags(
        _ filters: [TagFilter],
        limit: Int,
        after last: (resourceID: String, key: String)? = nil
    ) throws -> (page: [TagDescription], hasMore: Bool) {
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
            let page = rows.prefix(limit).map { TagDescription(resourceID: $0[0], key: $0[1], value: $0[2]) }
            return (page, rows.count > limit)
        }
    }

    /// Sets tags of instances and key pairs, of all or of none.
    ///
    /// - Throws: `TaggingFault`.
    package func setTags(_ tags: Tags, ofResources ids: [String]) throws {
        try write { database in
            for id in ids {
                let (table, column) = try Store.tagTable(of: id, database)
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
                if count ?? 0 > Store.tagLimit { throw TaggingFault.tooMany(id) }
            }
        }
    }

    /// Takes tags away from instances and key pairs, from all or from none.
    ///
    /// - Parameter tags: with a value, only if it is that; nil for all of them.
    /// - Throws: `TaggingFault`.
    package func removeTags(_ tags: [(key: String, value: String?)]?, ofResources ids: [String]) throws {
        try write { database in
            for id in ids {
                let (table, column) = try Store.tagTable(of: id, database)
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
