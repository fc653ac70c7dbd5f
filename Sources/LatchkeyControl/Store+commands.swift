// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

/// What commands to list.
package struct CommandFilter: Sendable {
    package var commandID: CommandRecord.ID?
    package var instanceID: Instance.ID?
    /// Sent at this date or later, and before that one.
    package var after: Date?
    package var before: Date?
    package var documentName: String?

    package init() {}

    func conditions() -> Conditions {
        var conditions = Conditions()
        if let commandID { conditions.add("command.id = ?", [commandID]) }
        if let after { conditions.add("requested >= ?", [after.milliseconds]) }
        if let before { conditions.add("requested < ?", [before.milliseconds]) }
        if let documentName { conditions.add("documentName = ?", [documentName]) }
        return conditions
    }
}

/// What an agent, or the one who sent it, says of a command on an instance.
package enum CommandNews: Equatable, Sendable {
    case started
    case ended(CommandInvocation.Status, code: Int?, output: String, error: String, started: Date?)
}

extension Store {
    /// Commands, and those which are begun, have a limit: the oldest are forgotten, as are those older than 30 days.
    package static let commandLimit = 10_000
    private static let commandMemory = 30.0 * 24 * 3600
    /// Seconds for which an agent's word about the end of a script is waited for after it has to have ended.
    private static let endPatience = 60.0

    // MARK: Begin

    /// The instances that targets stand for: each one has an agent, and fits all of them.
    ///
    /// - Returns: nil for a key that is none.
    package func managedInstanceIDs(fitting targets: [CommandTarget], limit: Int) throws -> [Instance.ID]? {
        var conditions = Conditions()
        for target in targets {
            if target.key == "InstanceIds" {
                conditions.add("instanceID", isOneOf: target.values)
            } else if target.key.hasPrefix("tag:") {
                let marks = databaseQuestionMarks(count: target.values.count)
                conditions.add(
                    "instanceID IN (SELECT instanceID FROM instanceTag WHERE key = ? AND value IN (\(marks)))",
                    StatementArguments([String(target.key.dropFirst("tag:".count))] + target.values)
                )
            } else {
                return nil
            }
        }
        return try read { database in
            try String.fetchAll(
                database,
                sql: "SELECT instanceID FROM managedInstance \(conditions.clause) ORDER BY instanceID LIMIT ?",
                arguments: conditions.arguments + [limit]
            )
        }
    }

    package func add(_ command: CommandRecord, on instanceIDs: [Instance.ID]) throws {
        try write { database in
            try database.execute(
                sql: """
                    DELETE FROM command WHERE requested < ?
                        OR id IN (SELECT id FROM command ORDER BY requested DESC, id DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [
                    command.requested.addingTimeInterval(-Store.commandMemory).milliseconds, Store.commandLimit - 1,
                ]
            )
            try database.execute(
                sql: "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    command.id, command.documentName, command.comment, try Store.json(command.parameters),
                    try Store.json(command.instanceIDs), try Store.json(command.targets),
                    command.requested.milliseconds, command.deliveryTimeout, command.maxConcurrency,
                    command.maxErrors, command.owner,
                ]
            )
            for id in instanceIDs {
                try database.execute(
                    sql: "INSERT INTO commandInvocation (commandID, instanceID, status, deadline) VALUES (?, ?, ?, ?)",
                    arguments: [
                        command.id, id, CommandInvocation.Status.pending.rawValue, command.expires.milliseconds,
                    ]
                )
            }
        }
    }

    /// The instances whose agents have yet to be told of a command.
    package func instancesWithWaitingCommands(at date: Date) throws -> Set<Instance.ID> {
        try read { database in
            try String.fetchSet(
                database,
                sql: """
                    SELECT instanceID FROM commandInvocation
                    WHERE ended IS NULL AND status IN ('pending', 'sent', 'cancelling') AND deadline > ?
                    """,
                arguments: [date.milliseconds]
            )
        }
    }

    /// The commands that somewhere wait for their turn.
    package func pendingCommands(at date: Date) throws -> [CommandRecord.ID] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT commandID FROM commandInvocation
                    WHERE ended IS NULL AND status = 'pending' AND deadline > ?
                    """,
                arguments: [date.milliseconds]
            )
        }
    }

    /// The commands that an instance's agent is to end.
    package func cancelledCommands(of instanceID: Instance.ID, at date: Date) throws -> [CommandRecord.ID] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT commandID FROM commandInvocation
                    WHERE instanceID = ? AND ended IS NULL AND status = 'cancelling' AND deadline > ?
                    """,
                arguments: [instanceID, date.milliseconds]
            )
        }
    }

    /// The commands that an instance's agent has yet to be told of.
    package func waitingCommands(of instanceID: Instance.ID, at date: Date) throws -> [CommandRecord.ID] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT commandID FROM commandInvocation
                    WHERE instanceID = ? AND ended IS NULL AND status IN ('pending', 'sent') AND deadline > ?
                    """,
                arguments: [instanceID, date.milliseconds]
            )
        }
    }

    /// The instances whose turn it is to run a command, of those whose agents are there. They count as told from now on.
    ///
    /// - Parameters:
    ///   - returned: one whose agent has just come: it may not have heard what it was told.
    ///   - timeout: seconds that the script may take.
    package func takeTurn(
        of command: CommandRecord,
        among connected: Set<Instance.ID>,
        returned: Instance.ID? = nil,
        timeout: Int,
        at date: Date
    ) throws -> [Instance.ID] {
        try write { database in
            var all = try Store.invocations(
                "WHERE commandID = ? ORDER BY instanceID",
                [command.id],
                at: date,
                database
            )
            let errors = all.count { $0.status.isError }
            var turn: [Instance.ID] = []
            func set(_ index: Int, _ status: CommandInvocation.Status, deadline: Date? = nil) throws {
                all[index].status = status
                try database.execute(
                    sql: """
                        UPDATE commandInvocation SET status = ?, deadline = COALESCE(?, deadline), ended = ?
                        WHERE commandID = ? AND instanceID = ?
                        """,
                    arguments: [
                        status.rawValue, deadline?.milliseconds, status.isEnd ? date.milliseconds : nil, command.id,
                        all[index].instanceID,
                    ]
                )
            }
            let mayFail = Store.count(command.maxErrors, of: all.count, least: 0)
            var room = Store.count(command.maxConcurrency, of: all.count, least: 1)
            room -= all.count { !$0.status.isEnd && $0.status != .pending }
            for index in all.indices {
                let invocation = all[index]
                switch invocation.status {
                case .sent where invocation.instanceID == returned: turn.append(invocation.instanceID)
                case .pending where errors > mayFail: try set(index, .terminated)
                case .pending where room > 0 && connected.contains(invocation.instanceID):
                    room -= 1
                    let deadline = date.addingTimeInterval(Double(timeout) + Store.endPatience)
                    try set(index, .sent, deadline: deadline)
                    turn.append(invocation.instanceID)
                default: break
                }
            }
            return turn
        }
    }

    /// A number, or a part of all in percent.
    private static func count(_ text: String, of all: Int, least: Int) -> Int {
        guard text.hasSuffix("%") else { return max(least, Int(text) ?? least) }
        return max(least, (Int(text.dropLast()) ?? 0) * all / 100)
    }

    // MARK: News

    /// Notes what has become of a command on an instance. Nothing follows an end.
    ///
    /// - Returns: the command if it has one instance less to wait for now; nil otherwise.
    package func note(
        _ news: CommandNews,
        of commandID: CommandRecord.ID,
        on instanceID: Instance.ID,
        at date: Date
    ) throws -> CommandRecord? {
        try write { database in
            switch news {
            case .started:
                try database.execute(
                    sql: """
                        UPDATE commandInvocation SET status = 'inProgress', started = COALESCE(started, ?)
                        WHERE commandID = ? AND instanceID = ? AND status IN ('pending', 'sent')
                        """,
                    arguments: [date.milliseconds, commandID, instanceID]
                )
                return nil
            case .ended(let status, let code, let output, let error, let started):
                try database.execute(
                    sql: """
                        UPDATE commandInvocation
                        SET status = ?, code = ?, output = ?, error = ?, started = COALESCE(?, started), ended = ?
                        WHERE commandID = ? AND instanceID = ? AND ended IS NULL
                        """,
                    arguments: [
                        status.rawValue, code, output, error, started?.milliseconds, date.milliseconds, commandID,
                        instanceID,
                    ]
                )
                guard database.changesCount > 0 else { return nil }
                return try Row.fetchOne(database, sql: "SELECT * FROM command WHERE id = ?", arguments: [commandID])
                    .map(Store.command)
            }
        }
    }

    /// Ends what has not begun, and notes what is to be ended by its agent.
    ///
    /// - Parameter instanceIDs: nil for all.
    /// - Returns: the instances whose agents are to be told.
    package func cancel(
        _ commandID: CommandRecord.ID,
        on instanceIDs: [Instance.ID]?,
        at date: Date
    ) throws -> [Instance.ID] {
        try write { database in
            let all = try Store.invocations("WHERE commandID = ?", [commandID], at: date, database)
            var told: [Instance.ID] = []
            for invocation in all where instanceIDs?.contains(invocation.instanceID) ?? true && !invocation.status.isEnd
            {
                let isPending = invocation.status == .pending
                if !isPending { told.append(invocation.instanceID) }
                try database.execute(
                    sql: "UPDATE commandInvocation SET status = ?, ended = ? WHERE commandID = ? AND instanceID = ?",
                    arguments: [
                        (isPending ? CommandInvocation.Status.cancelled : .cancelling).rawValue,
                        isPending ? date.milliseconds : nil, commandID, invocation.instanceID,
                    ]
                )
            }
            return told
        }
    }

    // MARK: What is told

    package func command(_ id: CommandRecord.ID) throws -> CommandRecord? {
        try row("SELECT * FROM command WHERE id = ?", [id], Store.command)
    }

    /// The newest at the beginning, with what has become of each.
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
                .map(Store.command)
                .map { command in
                    // What it has said is told elsewhere.
                    let invocations = try Store.invocations(
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

    /// The newest at the beginning.
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
                .map { row in (invocation: try Store.invocation(row, at: date), command: try Store.command(row)) }
            return Page(found, limit: limit) { entry in
                PageBudget.element + entry.invocation.output.utf8.count + entry.invocation.error.utf8.count
            } cursor: {
                PageCursor($0.command.requested, "\($0.invocation.commandID) \($0.invocation.instanceID)")
            }
        }
    }

    /// Without what they have said, which may be much.
    private static func invocations(
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

    /// - Parameter date: from its deadline on it counts as ended, whether or not somebody has noted that.
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

    private static func command(_ row: Row) throws -> CommandRecord {
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
