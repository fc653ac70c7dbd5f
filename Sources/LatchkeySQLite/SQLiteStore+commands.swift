// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    /// Seconds for which a command is remembered.
    private static let commandMemory = 30.0 * 24 * 3600
    /// Seconds for which an agent's word about the end of a script is waited for after it has to have ended.
    private static let endTimeout = 60.0

    // MARK: Begin

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
                    command.requested.addingTimeInterval(-SQLiteStore.commandMemory).milliseconds,
                    StoreLimit.commands - 1,
                ]
            )
            try database.execute(
                sql: "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    command.id, command.documentName, command.comment, try SQLiteStore.json(command.parameters),
                    try SQLiteStore.json(command.instanceIDs), try SQLiteStore.json(command.targets),
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

    package func takeTurn(
        of command: CommandRecord,
        among connected: Set<Instance.ID>,
        returned: Instance.ID? = nil,
        timeout: Int,
        at date: Date
    ) throws -> [Instance.ID] {
        try write { database in
            var all = try SQLiteStore.invocations(
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
            let mayFail = SQLiteStore.count(command.maxErrors, of: all.count, least: 0)
            var room = SQLiteStore.count(command.maxConcurrency, of: all.count, least: 1)
            room -= all.count { !$0.status.isEnd && $0.status != .pending }
            for index in all.indices {
                let invocation = all[index]
                switch invocation.status {
                case .sent where invocation.instanceID == returned: turn.append(invocation.instanceID)
                case .pending where errors > mayFail: try set(index, .terminated)
                case .pending where room > 0 && connected.contains(invocation.instanceID):
                    room -= 1
                    let deadline = date.addingTimeInterval(Double(timeout) + SQLiteStore.endTimeout)
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

    package func note(
        _ update: InvocationUpdate,
        of commandID: CommandRecord.ID,
        on instanceID: Instance.ID,
        at date: Date
    ) throws -> CommandRecord? {
        try write { database in
            switch update {
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
                    .map(SQLiteStore.command)
            }
        }
    }

    package func cancel(
        _ commandID: CommandRecord.ID,
        on instanceIDs: [Instance.ID]?,
        at date: Date
    ) throws -> [Instance.ID] {
        try write { database in
            let all = try SQLiteStore.invocations("WHERE commandID = ?", [commandID], at: date, database)
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
}
