// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

/// What is told of commands.
extension SQLiteStore {
    package func command(_ id: CommandRecord.ID) throws -> CommandRecord? {
        try row("SELECT * FROM command WHERE id = ?", [id], SQLiteStore.command)
    }

    package func commands(
        _ filter: CommandFilter,
        limit: Int,
        after cursor: PageCursor? = nil,
        at date: Date
    ) throws -> Page<(command: CommandRecord, invocations: [CommandInvocation])> {
        var conditions = filter.conditions()
        if let id = filter.instanceID {
            conditions.add("id IN (SELECT commandID FROM commandInvocation WHERE instanceID = ?)", [id])
        }
        if let cursor { conditions.add("(requested, id) < (?, ?)", [cursor.time, cursor.id]) }
        return try read { database in
            let found =
                try Row.fetchAll(
                    database,
                    sql: "SELECT * FROM command \(conditions.clause) ORDER BY requested DESC, id DESC LIMIT ?",
                    arguments: conditions.arguments + [limit + 1]
                )
                .map(SQLiteStore.command)
                .map { command in
                    // What it has said is told elsewhere.
                    let invocations = try SQLiteStore.invocations(
                        "WHERE commandID = ?",
                        [command.id],
                        at: date,
                        database,
                        withOutput: false
                    )
                    return (command: command, invocations: invocations)
                }
            return Page(found, limit: limit) { entry in
                PageBudget.element + entry.command.parameters.values.joined().reduce(0) { $0 + $1.utf8.count }
            } cursor: {
                PageCursor($0.command.requested, $0.command.id)
            }
        }
    }

    package func invocations(
        _ filter: CommandFilter,
        limit: Int,
        after cursor: PageCursor? = nil,
        at date: Date
    ) throws -> Page<(invocation: CommandInvocation, command: CommandRecord)> {
        var conditions = filter.conditions()
        if let id = filter.instanceID { conditions.add("instanceID = ?", [id]) }
        if let cursor {
            conditions.add("(requested, commandID || ' ' || instanceID) < (?, ?)", [cursor.time, cursor.id])
        }
        return try read { database in
            let found =
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT commandInvocation.*, command.* FROM commandInvocation JOIN command ON command.id = commandID
                        \(conditions.clause) ORDER BY requested DESC, commandID || ' ' || instanceID DESC LIMIT ?
                        """,
                    arguments: conditions.arguments + [limit + 1]
                )
                .map { row in
                    (invocation: try SQLiteStore.invocation(row, at: date), command: try SQLiteStore.command(row))
                }
            return Page(found, limit: limit) { entry in
                PageBudget.element + entry.invocation.output.utf8.count + entry.invocation.error.utf8.count
            } cursor: {
                PageCursor($0.command.requested, "\($0.invocation.commandID) \($0.invocation.instanceID)")
            }
        }
    }

    /// Without what they have said, which may be much.
    static func invocations(
        _ clause: String,
        _ arguments: StatementArguments,
        at date: Date,
        _ database: Database,
        withOutput: Bool = true
    ) throws -> [CommandInvocation] {
        let texts = withOutput ? "output, error" : "'' AS output, '' AS error"
        return
            try Row.fetchAll(
                database,
                sql: """
                    SELECT commandID, instanceID, status, deadline, code, \(texts), started, ended
                    FROM commandInvocation \(clause)
                    """,
                arguments: arguments
            )
            .map { try invocation($0, at: date) }
    }

    /// - Parameter date: from its deadline on it counts as ended, whether or not that was noted.
    private static func invocation(_ row: Row, at date: Date) throws -> CommandInvocation {
        var invocation = CommandInvocation(
            commandID: row["commandID"],
            instanceID: row["instanceID"],
            status: try known(CommandInvocation.Status(rawValue: row["status"])),
            code: row["code"],
            output: (row["output"] as String).cut(to: .commandOutput),
            error: (row["error"] as String).cut(to: .commandOutput),
            started: (row["started"] as Int64?).map(Date.init(milliseconds:)),
            ended: (row["ended"] as Int64?).map(Date.init(milliseconds:))
        )
        let deadline = Date(milliseconds: row["deadline"])
        if !invocation.status.isEnd, deadline <= date {
            invocation.status =
                switch invocation.status {
                case .pending: .undelivered
                case .cancelling: .cancelled
                default: .timedOut
                }
            invocation.ended = deadline
        }
        return invocation
    }

    static func command(_ row: Row) throws -> CommandRecord {
        let decoder = JSONDecoder()
        func decode<Value: Decodable>(_ type: Value.Type, _ column: String) throws -> Value {
            try known(try? decoder.decode(type, from: Data((row[column] as String).utf8)))
        }
        return CommandRecord(
            id: row["id"],
            documentName: row["documentName"],
            comment: row["comment"],
            parameters: try decode([String: [String]].self, "parameters"),
            instanceIDs: try decode([String].self, "instanceIDs"),
            targets: try decode([CommandTarget].self, "targets"),
            requested: Date(milliseconds: row["requested"]),
            deliveryTimeout: row["deliveryTimeout"],
            maxConcurrency: row["maxConcurrency"],
            maxErrors: row["maxErrors"],
            owner: row["owner"]
        )
    }
}
