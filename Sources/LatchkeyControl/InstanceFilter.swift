// SPDX-License-Identifier: Apache-2.0

internal import GRDB
package import LatchkeyModel

/// What instances to list, in the words of EC2's DescribeInstances: those that fit one of the values.
package struct InstanceFilter: Sendable {
    private enum Subject: Sendable {
        case column(String)
        case tag(key: String)
        case tagKey
        case address
        case stateCode
    }

    private let subject: Subject
    private let values: [Wildcard]

    /// - Returns: nil if there is no filter of this name.
    package init?(name: String, values: [String]) {
        switch name {
        case "instance-id": subject = .column("id")
        case "instance-state-name": subject = .column("state")
        case "instance-state-code": subject = .stateCode
        case "key-name": subject = .column("keyName")
        case "tag-key": subject = .tagKey
        case "private-ip-address", "ip-address", "private-dns-name", "dns-name",
            "network-interface.addresses.private-ip-address":
            subject = .address
        case _ where name.hasPrefix("tag:") && name.count > 4: subject = .tag(key: String(name.dropFirst(4)))
        default: return nil
        }
        self.values = values.map { Wildcard($0) }
    }

    func add(to conditions: inout Conditions) {
        switch subject {
        case .column(let name):
            let (term, arguments) = matching(name)
            conditions.add(term, arguments)
        case .tag(let key):
            let (term, arguments) = matching("value")
            conditions.add("id IN (SELECT instanceID FROM instanceTag WHERE key = ? AND \(term))", [key] + arguments)
        case .tagKey:
            let (term, arguments) = matching("key")
            conditions.add("id IN (SELECT instanceID FROM instanceTag WHERE \(term))", arguments)
        case .address:
            let (term, arguments) = matching("address")
            conditions.add("id IN (SELECT instanceID FROM instanceAddress WHERE \(term))", arguments)
        case .stateCode:
            let states = InstanceState.allCases.filter { state in values.contains { $0.matches(String(state.code)) } }
            conditions.add("state", isOneOf: states.map(\.rawValue))
        }
    }

    /// - Parameter column: one of ours, never a client's word.
    private func matching(_ column: String) -> (term: String, arguments: StatementArguments) {
        let exact = values.compactMap(\.exact)
        let patterns = values.filter { $0.exact == nil }.map(\.glob)
        var terms = ["\(column) IN (\(databaseQuestionMarks(count: exact.count)))"]
        terms += patterns.map { _ in "\(column) GLOB ?" }
        if exact.isEmpty && !patterns.isEmpty { terms.removeFirst() }
        return ("(" + terms.joined(separator: " OR ") + ")", StatementArguments(exact) + StatementArguments(patterns))
    }
}

extension Store {
    /// A part of the instances that fulfil all filters, in the order of their ids.
    ///
    /// - Parameters:
    ///   - ids: only these; empty for all.
    ///   - after: the last id of the part before.
    ///   - limit: how many at the most, 1 or more.
    /// - Returns: the instances, and whether there are more.
    package func instances(
        withIDs ids: [Instance.ID] = [],
        where filters: [InstanceFilter],
        after: Instance.ID? = nil,
        limit: Int
    ) throws -> (instances: [Instance], hasMore: Bool) {
        var conditions = Conditions()
        if !ids.isEmpty { conditions.add("id", isOneOf: ids) }
        for filter in filters { filter.add(to: &conditions) }
        if let after { conditions.add("id > ?", [after]) }
        return try read { database in
            let found = try String.fetchAll(
                database,
                sql: "SELECT id FROM instance \(conditions.clause) ORDER BY id LIMIT ?",
                arguments: conditions.arguments + [limit + 1]
            )
            return (try Store.fetch(Array(found.prefix(limit)), database), found.count > limit)
        }
    }

    /// Puts tags on instances or key pairs, or takes them away, all or none.
    ///
    /// - Parameters:
    ///   - ids: of instances and key pairs.
    ///   - tags: those to set.
    ///   - removed: those to take away; one with a value only where it has that value.
    /// - Throws: `instanceExists` where a name is taken, `instanceNotFound`, `keyNotFound` for an id of neither.
    package func changeTags(of ids: [String], set tags: Tags, remove removed: [(key: String, value: String?)]) throws {
        try write { database in
            for id in ids {
                let isPair = id.hasPrefix(Identifier.keyPairPrefix)
                guard try Store.exists(isPair ? "keyPair" : "instance", "id", id, database) else {
                    throw isPair ? LatchkeyError.keyNotFound(id) : LatchkeyError.instanceNotFound(id, similar: [])
                }
                let (table, column) = isPair ? ("keyPairTag", "keyPairID") : ("instanceTag", "instanceID")
                for (key, value) in removed {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE \(column) = ? AND key = ? AND (? IS NULL OR value = ?)",
                        arguments: [id, key, value, value]
                    )
                }
                if !isPair, let name = tags[Tags.nameKey], let owner = try Store.owner(ofName: name, database),
                    owner != id
                {
                    throw LatchkeyError(
                        .instanceExists,
                        "an instance named '\(name.terminalSafe)' exists already (\(owner))",
                        hint: "choose another name"
                    )
                }
                for (key, value) in tags {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO \(table) (\(column), key, value) VALUES (?, ?, ?)",
                        arguments: [id, key, value]
                    )
                }
            }
        }
    }

    /// Every tag: of which instance or key pair, and what it says, in the order of ids and keys.
    package func allTags() throws -> [(id: String, key: String, value: String)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT instanceID AS id, key, value FROM instanceTag
                    UNION ALL SELECT keyPairID, key, value FROM keyPairTag ORDER BY id, key
                    """
            )
            .map { ($0["id"] as String, $0["key"] as String, $0["value"] as String) }
        }
    }
}
