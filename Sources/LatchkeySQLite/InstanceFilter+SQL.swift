// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import LatchkeyModel
internal import LatchkeyStore

extension InstanceFilter {
    /// The addresses that are a network's own (RFC 1918, 3927, 6598, and this machine's), of version 4.
    private static let privateAddress = """
        (address GLOB '10.*' OR address GLOB '192.168.*' OR address GLOB '172.1[6-9].*' OR address GLOB '172.2[0-9].*'
         OR address GLOB '172.3[01].*' OR address GLOB '127.*' OR address GLOB '169.254.*'
         OR address GLOB '100.6[4-9].*' OR address GLOB '100.[7-9][0-9].*' OR address GLOB '100.1[01][0-9].*'
         OR address GLOB '100.12[0-7].*')
        """
    private static let number = "(address NOT GLOB '*[^0-9.]*')"
    private static let name = "(address GLOB '*[^0-9.]*' AND address NOT GLOB '*:*')"

    private static let version6 = "address GLOB '*:*'"
    /// What a condition on another address of the same instance begins with; `address` behind it is that one.
    private static let other =
        "SELECT 1 FROM instanceAddress AS other WHERE other.instanceID = instanceAddress.instanceID AND"
    private static let publicAddress = "\(number) AND NOT \(privateAddress)"
    /// Where there is no public one, the private one is told as such, too.
    private static let reached = """
        (\(number) AND (NOT \(privateAddress) OR NOT EXISTS (\(other) \(publicAddress))))
        """
    /// The state in which an instance has no address any more, and those in which it has no public one.
    private static let (gone, off) = ([InstanceState.terminated], [InstanceState.stopped, .terminated])

    /// Fewer rows than this are gone through first; more are looked up for one instance after the other, of which a page soon
    /// has enough.
    private static let few = 2000

    func add(to conditions: inout Conditions, _ database: Database) throws {
        func column(_ name: String) { InstanceFilter.add(name, patterns, to: &conditions) }
        switch attribute {
        case .id: column("instance.id")
        case .state: column("instance.state")
        case .keyName: column("instance.keyName")
        case .imageID: column("launch.imageID")
        case .launchIndex: column("CAST(COALESCE(launch.launchIndex, 0) AS TEXT)")
        case .launchTime:
            column(
                "strftime('%Y-%m-%dT%H:%M:%fZ', COALESCE(launch.launched, instance.created) / 1000.0, 'unixepoch')"
            )
        case .clientToken: column("launch.clientToken")
        case .reservationID: column("COALESCE(launch.reservationID, 'r-' || substr(instance.id, 3))")
        case .stateReasonCode: column("launch.stateReasonCode")
        case .type:
            column("launch.instanceType")
            if patterns.contains(where: { $0.matches(InstanceFilter.defaultType) }) {
                conditions.joinLast(orElse: "launch.instanceID IS NULL")
            }
        case .tag(let key): try add("instanceTag", "value", ("key = ?", [key]), to: &conditions, database)
        case .tagKey: try add("instanceTag", "key", nil, to: &conditions, database)
        case .tagValue: try add("instanceTag", "value", nil, to: &conditions, database)
        case .privateAddress:
            try addAddress(
                "\(InstanceFilter.number) AND \(InstanceFilter.privateAddress)",
                except: InstanceFilter.gone,
                to: &conditions,
                database
            )
        case .publicAddress:
            try addAddress(InstanceFilter.reached, except: InstanceFilter.off, to: &conditions, database)
        case .ipv6Address:
            try addAddress(InstanceFilter.version6, except: InstanceFilter.gone, to: &conditions, database)
        case .hostName:
            try addAddress(
                """
                \(InstanceFilter.name)
                OR (\(InstanceFilter.reached) AND NOT EXISTS (\(InstanceFilter.other) \(InstanceFilter.name)))
                """,
                except: InstanceFilter.off,
                to: &conditions,
                database
            )
        }
    }

    /// An address for which `condition` holds, of an instance that is in none of these states.
    private func addAddress(
        _ condition: String,
        except states: [InstanceState],
        to conditions: inout Conditions,
        _ database: Database
    ) throws {
        try add("instanceAddress", "address", (condition, []), to: &conditions, database)
        let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        conditions.add("instance.state NOT IN (\(names))")
    }

    private func add(
        _ table: String,
        _ column: String,
        _ more: (String, StatementArguments)?,
        to conditions: inout Conditions,
        _ database: Database
    ) throws {
        var inner = Conditions()
        if let more { inner.add(more.0, more.1) }
        InstanceFilter.add(column, patterns, to: &inner)
        // SQLite knows no better how rare a value is.
        let count = try Int.fetchOne(
            database,
            sql: "SELECT COUNT(*) FROM (SELECT 1 FROM \(table) \(inner.clause) LIMIT \(InstanceFilter.few))",
            arguments: inner.arguments
        )
        if count ?? 0 < InstanceFilter.few {
            conditions.add("instance.id IN (SELECT instanceID FROM \(table) \(inner.clause))", inner.arguments)
        } else {
            inner.add("\(table).instanceID = instance.id")
            conditions.add("EXISTS (SELECT 1 FROM \(table) \(inner.clause))", inner.arguments)
        }
    }

    /// Exact texts by the index, and patterns within the range of their beginning.
    static func add(_ column: String, _ patterns: [WildcardPattern], to conditions: inout Conditions) {
        let literals = patterns.compactMap(\.literal)
        var terms: [String] = []
        var arguments = StatementArguments()
        if !literals.isEmpty || patterns.isEmpty {
            terms.append("\(column) IN (\(databaseQuestionMarks(count: literals.count)))")
            arguments += StatementArguments(literals)
        }
        for pattern in patterns where pattern.literal == nil {
            let prefix = pattern.prefix
            if prefix.isEmpty {
                terms.append("\(column) GLOB ?")
            } else {
                terms.append("(\(column) >= ? AND \(column) < ? AND \(column) GLOB ?)")
                arguments += [prefix, prefix + "\u{10FFFF}"]
            }
            arguments += [pattern.glob]
        }
        conditions.add(terms.joined(separator: " OR "), arguments)
    }
}
