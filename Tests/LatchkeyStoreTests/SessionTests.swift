// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct SessionTests {
    private static let node = "node-1"

    private func session(
        _ started: Double,
        target: String = "i-0a",
        owner: String = "arn:aws:iam::1:user/ann",
        status: SessionStatus = .connected,
        ended: Double? = nil,
        node: NodeID = Self.node
    ) -> SessionRecord {
        SessionRecord(
            id: Identifier.makeSession(caller: "ann"),
            target: target,
            owner: owner,
            documentName: "SSM-SessionManagerRunShell",
            status: status,
            started: time(started),
            ended: ended.map(time),
            node: node
        )
    }

    @Test func `a session comes back as it was added`() throws {
        try withEachStore { store, another in
            let full = SessionRecord(
                id: "ann-1",
                target: "i-0a",
                owner: "arn",
                documentName: "AWS-StartPortForwardingSession",
                reason: "why",
                parameters: ["portNumber": ["22"], "command": ["a \"b\"\n", "ü"], "none": []],
                status: .failed,
                started: time(1.25),
                ended: time(2.5),
                details: "no such port",
                maxDuration: 60,
                user: "admin",
                node: "node-2"
            )
            let bare = session(2, status: .connecting)
            try store.add(full)
            try store.add(bare)
            #expect(try another().session(full.id) == full)
            #expect(try store.session(bare.id) == bare)
            #expect(try store.session("ann-2") == nil)
            let late = session(3, status: .failed)
            try store.add(late)
            #expect(try store.session(late.id)?.ended == time(3))
        }
    }

    @Test func `a session that has ended never lives again`() throws {
        try withEachStore { store, another in
            for end in [SessionStatus.terminated, .failed] {
                let one = session(1, status: .connecting)
                try store.add(one)
                #expect(try store.setSession(one.id, .connected, at: time(2)))
                #expect(try store.session(one.id)?.ended == nil)
                #expect(try store.setSession(one.id, end, details: "idle", at: time(3)))
                let ended = try store.session(one.id)
                #expect(ended?.status == end && ended?.ended == time(3) && ended?.details == "idle")
                for status in SessionStatus.allCases {
                    #expect(try !store.setSession(one.id, status, details: "again", at: time(4)))
                }
                #expect(try store.session(one.id) == ended)
            }
            #expect(try store.liveSessions(of: Self.node).isEmpty)
            #expect(try !store.setSession("ann-1", .terminated, at: time(4)))
        }
    }

    @Test func `details stay until there are others`() throws {
        try withEachStore { store, _ in
            let one = session(1)
            try store.add(one)
            try store.setSession(one.id, .disconnected, details: "a", at: time(2))
            try store.setSession(one.id, .connected, at: time(3))
            #expect(try store.session(one.id)?.details == "a")
            try store.setSession(one.id, .terminated, details: "b", at: time(3))
            #expect(try store.session(one.id)?.details == "b")
        }
    }

    @Test func `filters are all fulfilled, the newest first`() throws {
        try withEachStore { store, _ in
            let all = [
                session(1, target: "i-0a", owner: "ann", status: .terminated, ended: 2),
                session(2, target: "i-0b", owner: "ann", status: .failed, ended: 3),
                session(3, target: "i-0a", owner: "bob", status: .terminated, ended: 4),
                session(4, target: "i-0a", owner: "ann", status: .connected),
                session(5, target: "i-0b", owner: "bob", status: .disconnected),
            ]
            for session in all { try store.add(session) }
            let date = time(2).formatted(.iso8601)
            let cases: [(Bool, [(String, String)], [Int])] = [
                (true, [], [4, 3]), (false, [], [2, 1, 0]),
                (true, [("Target", "i-0a")], [3]), (false, [("Target", "i-0a")], [2, 0]),
                (false, [("Target", "i-0a"), ("Owner", "ann")], [0]),
                (true, [("Owner", "bob"), ("Status", "Disconnected")], [4]), (true, [("Status", "Terminated")], []),
                (false, [("Status", "Failed")], [1]), (false, [("Owner", "bob"), ("Owner", "ann")], []),
                (false, [("SessionId", all[1].id)], [1]), (true, [("SessionId", all[1].id)], []),
                (false, [("InvokedAfter", date)], [2, 1]), (false, [("InvokedBefore", date)], [0]),
                (false, [("InvokedAfter", date), ("Target", "i-0a")], [2]),
                (false, [("AccessType", "Standard")], [2, 1, 0]), (false, [("AccessType", "JustInTime")], []),
            ]
            for (isActive, filters, expected) in cases {
                let typed = try filters.map { try #require(SessionFilter(key: $0, value: $1)) }
                let found = try store.sessions(isActive: isActive, typed, limit: 9)
                #expect(found.elements == expected.map { all[$0] }, "\(isActive), \(filters)")
                let paged = try collect { try store.sessions(isActive: isActive, typed, limit: 1, after: $0) }
                #expect(paged == found.elements, "\(isActive), \(filters)")
            }
            #expect(SessionFilter(key: "Reason", value: "x") == nil)
            #expect(SessionFilter(key: "InvokedAfter", value: "yesterday") == nil)
            #expect(SessionFilter(key: "Status", value: "Sleeping") == nil)
        }
    }

    @Test func `pages are complete and without doubles while sessions start and end`() throws {
        try withEachStore { store, _ in
            let history = (0..<25).map { session(Double($0 / 4), status: .terminated, ended: 50) }
            for one in history { try store.add(one) }
            var added: Set<String> = []
            let seen = try collect(
                meanwhile: {
                    let one = session(100 + Double(added.count), status: .terminated)
                    try store.add(one)
                    try store.add(session(200))
                    added.insert(one.id)
                },
                { try store.sessions(isActive: false, limit: 4, after: $0) }
            )
            #expect(seen == history.sorted { ($0.started, $0.id) > ($1.started, $1.id) })
            #expect(try store.sessions(isActive: false, limit: 1).elements.map(\.id).allSatisfy(added.contains))
        }
    }

    @Test func `what the relay finds at its start is what is alive, the oldest first`() throws {
        try withEachStore { store, _ in
            let alive = [SessionStatus.connecting, .connected, .disconnected, .terminating].enumerated()
                .map { session(Double($0.offset), status: $0.element) }
            for one in alive.reversed() { try store.add(one) }
            try store.add(session(1, status: .terminated))
            #expect(try store.liveSessions(of: Self.node) == alive)
        }
    }

    @Test func `a node finds its own sessions alone`() throws {
        try withEachStore { store, _ in
            let (own, other) = (session(1), session(2, node: "node-2"))
            for one in [own, other] { try store.add(one) }
            #expect(try store.liveSessions(of: Self.node) == [own])
            #expect(try store.liveSessions(of: "node-2") == [other])
            #expect(try store.sessions(isActive: true, limit: 9).elements == [other, own])
        }
    }

    @Test func `history is deleted from its old end, so many at a time`() throws {
        try withEachStore { store, _ in
            let old = (0..<5).map { session(Double($0), status: .terminated, ended: Double($0) + 1) }
            // It began long ago, and ended or lives yet.
            let kept = [session(0, status: .failed, ended: 100), session(0)]
            for one in old + kept { try store.add(one) }
            #expect(try store.pruneSessions(endedBefore: time(5), limit: 3) == 3)
            #expect(try store.session(old[2].id) == nil && store.session(old[3].id) != nil)
            #expect(try store.pruneSessions(endedBefore: time(5), limit: 3) == 1)
            #expect(try store.pruneSessions(endedBefore: time(5)) == 0)
            #expect(try store.sessions(isActive: false, limit: 9).elements.map(\.id) == [old[4].id, kept[0].id])
            #expect(try store.liveSessions(of: Self.node) == [kept[1]])
        }
    }
}
