// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Synchronization
import Testing

extension RelayTests {
    /// A session whose connection is cut at some byte, at one of its ends. What comes after the cut goes through whole.
    ///
    /// Every byte is tried if `LATCHKEY_TEST_CUTS=all` is set, which takes long. Otherwise it is every so-many-th one,
    /// beginning at a place that is another one in each run; `LATCHKEY_TEST_SEED` repeats a run.
    struct Cuts {
        enum End: String, CaseIterable, Sendable {
            case client, agent
        }

        /// So many cuts are tried of each kind, if not all.
        private static let sample = 48
        /// So many are tried on one relay, and so many relays are at it at once.
        private static let (portion, pool) = (200, 4)

        private static let environment = ProcessInfo.processInfo.environment
        private static let triesAll = environment["LATCHKEY_TEST_CUTS"] == "all"
        private static let seed = environment["LATCHKEY_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)

        /// Lines, so that the command's output comes in many pieces.
        private static let input: Data = {
            var generator = SeededGenerator(seed: 11)
            let lines = (0..<40).map { _ in "\(generator.next()) \(generator.next()) \(generator.next())\n" }
            return Data(lines.joined().utf8)
        }()
        private static let command = "while IFS= read -r line; do echo \"$line\"; done; echo err >&2; exit 7"

        /// What became of the cuts.
        private struct Tally: Sendable {
            var tried = 0
            /// The connection carried as much as that.
            var cut = 0
            /// The session never came about, and the client said why.
            var refused = 0
            var faults: [String] = []

            mutating func add(_ other: Tally) {
                tried += other.tried
                cut += other.cut
                refused += other.refused
                faults += other.faults
            }
        }

        /// The places that are left to try, for several threads.
        private final class Progress: Sendable {
            private let left: Mutex<[Int]>
            private let portion: Int
            private let tally = Mutex(Tally())

            init(_ offsets: [Int]) {
                left = Mutex(offsets)
                portion = max(1, min(Cuts.portion, offsets.count / Cuts.pool + 1))
            }

            private func next() -> [Int] {
                left.withLock { left in
                    defer { left.removeFirst(min(portion, left.count)) }
                    return Array(left.prefix(portion))
                }
            }

            /// What became of all of them.
            func run(on count: Int, _ body: @escaping @Sendable ([Int], inout Tally) throws -> Void) throws -> Tally {
                let threads = Threads(count) { [self] in
                    while true {
                        let portion = next()
                        guard !portion.isEmpty else { return }
                        var own = Tally()
                        do { try body(portion, &own) } catch { own.faults.append("\(error)") }
                        tally.withLock { [own] in $0.add(own) }
                    }
                }
                guard let threads else { throw HarnessError("no thread is left") }
                threads.join()
                return tally.withLock { $0 }
            }
        }

        /// Runs `body` with a session's ends, each of which has a proxy before the relay.
        ///
        /// - Throws: also if a session is left behind.
        private static func with(_ body: (Scratch, [End: CuttingProxy]) throws -> Void) throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    try CuttingProxy.with(to: relay.port) { clients in
                        try CuttingProxy.with(to: relay.port) { agents in
                            try TestAgent.with(relay, at: agents.endpoint) { _ in
                                try relay.redirectClients(to: clients.endpoint)
                                try body(scratch, [.client: clients, .agent: agents])
                                try TestRelay.wait(for: "the end of every session") {
                                    try relay.metric("latchkey_sessions") == 0
                                }
                            }
                        }
                    }
                }
            }
        }

        private static func run(_ scratch: Scratch) throws -> Execution {
            try scratch.latchkey("connect", "web-1", "--road", "relay", "--", command, input: input)
        }

        /// What a data channel of a session that nothing happens to carries, rounded up: the ends' messages are not always
        /// cut out in the same way.
        private static func length(_ end: End, _ direction: CuttingProxy.Direction) throws -> Int {
            var longest = 0
            try with { scratch, proxies in
                for _ in 0..<5 {
                    proxies[end]?.cutNext(direction, after: nil)
                    let run = try run(scratch)
                    try #require(run.status == 7 && run.output == input && run.error == "err\n", "\(run.error)")
                    try TestRelay.wait(for: "the channel's end") { proxies[end]?.counts.count == 1 }
                    longest = max(longest, proxies[end]?.counts.first?.bytes(direction) ?? 0)
                }
            }
            return longest + 1
        }

        /// Runs a session with a cut, and says what was wrong with it.
        private static func attempt(
            _ scratch: Scratch,
            _ proxy: CuttingProxy?,
            _ end: End,
            _ direction: CuttingProxy.Direction,
            _ offset: Int,
            _ tally: inout Tally
        ) throws {
            proxy?.cutNext(direction, after: offset)
            let run = try run(scratch)
            tally.tried += 1
            if proxy?.counts.contains(where: \.wasCut) == true { tally.cut += 1 }
            let notices = run.error.split(separator: "\n").filter { $0.hasPrefix("latchkey: ") }
            let rest = run.error.split(separator: "\n").filter { !$0.hasPrefix("latchkey: ") }
            if run.status == 7, run.output == input, rest == ["err"] { return }
            // A client that could not open its data channel gives the session up, and says so.
            let refusal = "latchkey: error: the relay cannot be used: "
            if end == .client, run.status == 255, run.output.isEmpty, notices.first?.hasPrefix(refusal) == true {
                tally.refused += 1
                return
            }
            tally.faults.append("\(offset): status \(run.status), \(run.output.count) bytes, \(run.error)")
        }

        @Test(arguments: End.allCases, CuttingProxy.Direction.allCases)
        func `a connection that is cut at any byte costs nothing`(
            end: End,
            direction: CuttingProxy.Direction
        ) throws {
            let length = try Self.length(end, direction)
            let step = Self.triesAll ? 1 : max(1, length / Self.sample)
            let offsets = Array(stride(from: Int(Self.seed % UInt64(step)), through: length, by: step))
            let what = "\(end.rawValue)'s connection, \(direction.rawValue)"
            print("latchkey: cutting the \(what), at \(offsets.count) of \(length) bytes; seed \(Self.seed)")
            let found = try Progress(offsets)
                .run(on: Self.pool) { portion, tally in
                    try Self.with { scratch, proxies in
                        for offset in portion {
                            try Self.attempt(scratch, proxies[end], end, direction, offset, &tally)
                        }
                    }
                }
            print(
                "latchkey: \(what): \(found.tried) sessions, \(found.cut) of them cut, \(found.refused) of those before "
                    + "they were open"
            )
            #expect(found.cut > 0)
            #expect(found.tried == offsets.count)
            #expect(found.faults == [])
        }
    }
}
