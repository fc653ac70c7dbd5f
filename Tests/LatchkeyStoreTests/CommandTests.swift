// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeyTestSupport
import Testing

struct CommandStoreTests {
    private static let all = ["mi-1", "mi-2", "mi-3", "mi-4"]

    private func command(
        _ id: String = "c-1",
        concurrency: String = "50",
        errors: String = "0",
        requested: Double = 0
    ) -> CommandRecord {
        CommandRecord(
            id: id,
            documentName: "AWS-RunShellScript",
            comment: nil,
            parameters: ["commands": ["true"]],
            instanceIDs: Self.all,
            targets: [],
            requested: time(requested),
            deliveryTimeout: 100,
            maxConcurrency: concurrency,
            maxErrors: errors,
            owner: "arn"
        )
    }

    private func turn(
        _ store: any ServerStore,
        _ command: CommandRecord,
        _ connected: [String] = all,
        returned: String? = nil,
        at date: Double = 1
    ) throws -> [String] {
        try store.takeTurn(of: command, among: Set(connected), returned: returned, timeout: 10, at: time(date))
    }

    private func statuses(_ store: any ServerStore, at date: Double = 2) throws -> [String] {
        try store.commands(CommandFilter(), limit: 1, at: time(date)).elements[0].invocations
            .sorted { $0.instanceID < $1.instanceID }.map(\.status.rawValue)
    }

    private func end(_ status: CommandInvocation.Status) -> InvocationUpdate {
        .ended(status, code: 0, output: "out", error: "", started: nil)
    }

    @Test func `so many at once as were wished, and the next when one has ended`() throws {
        try withEachStore { store, _ in
            let command = command(concurrency: "50%")
            try store.add(command, on: Self.all)
            #expect(try turn(store, command) == ["mi-1", "mi-2"])
            #expect(try turn(store, command) == [])
            #expect(try store.note(.started, of: "c-1", on: "mi-1", at: time(1)) == nil)
            #expect(try turn(store, command) == [])
            #expect(try store.note(end(.success), of: "c-1", on: "mi-1", at: time(1)) == command)
            #expect(try turn(store, command, ["mi-1", "mi-2", "mi-4"]) == ["mi-4"])
            #expect(try statuses(store) == ["success", "sent", "pending", "sent"])
        }
    }

    @Test func `after too many errors nothing begins any more`() throws {
        try withEachStore { store, _ in
            let command = command(concurrency: "1", errors: "1")
            try store.add(command, on: Self.all)
            #expect(try turn(store, command) == ["mi-1"])
            #expect(try store.note(end(.failed), of: "c-1", on: "mi-1", at: time(1)) != nil)
            #expect(try turn(store, command) == ["mi-2"])
            #expect(try store.note(end(.timedOut), of: "c-1", on: "mi-2", at: time(1)) != nil)
            #expect(try turn(store, command) == [])
            #expect(try statuses(store) == ["failed", "timedOut", "terminated", "terminated"])
        }
    }

    @Test func `one that comes back is told again, unless it has said that it knows`() throws {
        try withEachStore { store, _ in
            let command = command()
            try store.add(command, on: ["mi-1", "mi-2"])
            #expect(try store.waitingCommands(of: "mi-1", at: time(1)) == ["c-1"])
            #expect(try turn(store, command) == ["mi-1", "mi-2"])
            #expect(try store.waitingCommands(of: "mi-1", at: time(1)) == ["c-1"])
            #expect(try turn(store, command, returned: "mi-1") == ["mi-1"])
            _ = try store.note(.started, of: "c-1", on: "mi-1", at: time(1))
            #expect(try store.waitingCommands(of: "mi-1", at: time(1)) == [])
            #expect(try turn(store, command, returned: "mi-1") == [])
        }
    }

    @Test func `what never comes counts as ended from its time on`() throws {
        try withEachStore { store, _ in
            let command = command()
            try store.add(command, on: ["mi-1", "mi-2", "mi-3"])
            #expect(try turn(store, command, ["mi-1", "mi-2"]) == ["mi-1", "mi-2"])
            #expect(try store.cancel("c-1", on: ["mi-2"], at: time(2)) == ["mi-2"])
            #expect(try statuses(store, at: 70) == ["sent", "cancelling", "pending"])
            #expect(try statuses(store, at: 72) == ["timedOut", "cancelled", "pending"])
            #expect(try statuses(store, at: 101) == ["timedOut", "cancelled", "undelivered"])
            #expect(try store.waitingCommands(of: "mi-3", at: time(101)) == [])
            // An agent's word counts all the same.
            #expect(try store.note(end(.success), of: "c-1", on: "mi-1", at: time(120)) != nil)
            #expect(try statuses(store, at: 130) == ["success", "cancelled", "undelivered"])
        }
    }

    @Test func `nothing follows an end, and what had not begun ends at once`() throws {
        try withEachStore { store, _ in
            let command = command()
            try store.add(command, on: Self.all)
            _ = try turn(store, command, ["mi-1"])
            _ = try store.note(end(.success), of: "c-1", on: "mi-1", at: time(1))
            #expect(try store.note(end(.failed), of: "c-1", on: "mi-1", at: time(1)) == nil)
            #expect(try store.cancel("c-1", on: nil, at: time(2)) == [])
            #expect(try statuses(store) == ["success", "cancelled", "cancelled", "cancelled"])
        }
    }

    @Test func `lists go from the newest to the oldest, page by page, by instance and time`() throws {
        try withEachStore { store, _ in
            for number in 0..<5 { try store.add(command("c-\(number)", requested: Double(number)), on: ["mi-1"]) }
            try store.add(command("c-5", requested: 5), on: ["mi-2"])
            func ids(_ filter: CommandFilter, _ limit: Int) throws -> [[String]] {
                var (pages, cursor): ([[String]], PageCursor?) = ([], nil)
                repeat {
                    let page = try store.commands(filter, limit: limit, after: cursor, at: time(9))
                    pages.append(page.elements.map(\.command.id))
                    cursor = page.next
                } while cursor != nil
                return pages
            }
            var filter = CommandFilter()
            #expect(try ids(filter, 4) == [["c-5", "c-4", "c-3", "c-2"], ["c-1", "c-0"]])
            filter.instanceID = "mi-1"
            filter.after = time(1)
            filter.before = time(4)
            #expect(try ids(filter, 2) == [["c-3", "c-2"], ["c-1"]])
            let page = try store.invocations(filter, limit: 2, at: time(9))
            #expect(page.elements.map(\.command.id) == ["c-3", "c-2"])
            let rest = try store.invocations(filter, limit: 2, after: page.next, at: time(9))
            #expect(rest.elements.map(\.command.id) == ["c-1"] && rest.next == nil)
        }
    }

    @Test func `commands of long ago are forgotten`() throws {
        try withEachStore { store, _ in
            try store.add(command("old"), on: ["mi-1"])
            try store.add(command("new", requested: 31 * 24 * 3600), on: ["mi-1"])
            #expect(try store.command("old") == nil)
            #expect(try store.invocations(CommandFilter(), limit: 9, at: time(0)).elements.count == 1)
        }
    }

    @Test func `what waits for its turn, or is to be ended, is found again`() throws {
        try withEachStore { store, _ in
            let command = command(concurrency: "1", errors: "1")
            try store.add(command, on: ["mi-1", "mi-2"])
            #expect(try store.pendingCommands(at: time(1)) == ["c-1"])
            #expect(try turn(store, command) == ["mi-1"])
            #expect(try store.pendingCommands(at: time(1)) == ["c-1"])
            #expect(try store.cancelledCommands(of: "mi-1", at: time(1)) == [])
            _ = try store.cancel("c-1", on: ["mi-1"], at: time(2))
            #expect(try store.cancelledCommands(of: "mi-1", at: time(3)) == ["c-1"])
            #expect(try store.instancesWithWaitingCommands(at: time(3)) == ["mi-1", "mi-2"])
            // Its place is free once it has to be over.
            #expect(try turn(store, command, at: 50) == [])
            #expect(try turn(store, command, at: 72) == ["mi-2"])
            #expect(try store.pendingCommands(at: time(72)) == [])
        }
    }
}
