// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// latchkeyd, latchkey-agent and latchkey as programs, one after the other: each test has three of them at least.
@Suite(.serialized) struct RelayTests {
    /// A relay and one agent, which is the instance web-1.
    static func with<Value>(_ body: (Scratch, TestRelay, TestAgent) throws -> Value) throws -> Value {
        try Scratch.with { scratch in
            try TestRelay.with(scratch) { relay in
                try TestAgent.with(relay) { agent in try body(scratch, relay, agent) }
            }
        }
    }

    /// Bytes in which any change, loss or doubling shows.
    static func noise(_ count: Int) -> Data {
        var bytes = Data(count: count)
        var generator = SystemRandomNumberGenerator()
        bytes.withUnsafeMutableBytes { raw in
            for offset in stride(from: 0, to: count - 7, by: 8) {
                raw.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
            }
        }
        return bytes
    }

    /// Compares much data. The testing library would look for the smallest difference, which takes it for ever.
    static func expect(_ found: Data, _ wanted: Data, sourceLocation: SourceLocation = #_sourceLocation) {
        let isSame = found == wanted
        #expect(isSame, "\(found.count) of \(wanted.count) bytes", sourceLocation: sourceLocation)
    }

    /// Runs a script of bash as the user, with `$0` as the program and `run` as a command on web-1 over the relay.
    static func bash(_ scratch: Scratch, _ script: String, timeout: Int = 2 * Execution.timeout) throws -> Execution {
        let functions = "cd '\(scratch.path)'; run() { \"$PROGRAM\" connect web-1 --road relay \"$@\"; }; "
        return try Execution.run(
            ["bash", "-mc", functions + script],
            environment: scratch.environment.merging(["PROGRAM": Scratch.program]) { $1 },
            timeout: timeout
        )
    }
}
