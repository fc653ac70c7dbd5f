// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport

/// A container engine that keeps its containers in memory and answers slowly, or as somebody else has changed them, on a
/// socket of the file system. What it is asked, it writes down.
final class FakeEngine {
    let socket: String
    private let daemon: BackgroundProcess

    static func with<Value>(_ scratch: Scratch, _ body: (FakeEngine) throws -> Value) throws -> Value {
        let socket = "\(scratch.path)/engine.sock"
        let engine = FakeEngine(socket, try BackgroundProcess(["python3", "-c", script, socket]))
        defer { engine.daemon.stop() }
        try TestRelay.wait(for: "an engine") { FileManager.default.fileExists(atPath: socket) }
        return try body(engine)
    }

    private init(_ socket: String, _ daemon: BackgroundProcess) {
        self.socket = socket
        self.daemon = daemon
    }

    /// Has the engine evaluate something of Python, with `containers` as what there is.
    @discardableResult
    func evaluate(_ script: String) throws -> String {
        try Execution.require(
            ["curl", "-sf", "--unix-socket", socket, "--data-binary", "@-", "http://x/_eval"],
            input: Data(script.utf8)
        )
        .line
    }

    private static let script = Script.text("fake_engine")
}
