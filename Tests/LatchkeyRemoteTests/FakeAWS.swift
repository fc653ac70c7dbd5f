// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport

/// A server that answers as AWS's services do, as far as the client asks them, and remembers what it was asked.
final class FakeAWS {
    let port: Int
    private let daemon: BackgroundProcess

    /// Runs `body` with one that serves, and ends it whatever happens.
    static func with<Value>(_ body: (FakeAWS) throws -> Value) throws -> Value {
        let port = try TestRelay.freePort()
        let server = FakeAWS(port, try BackgroundProcess(["python3", "-c", script, String(port)]))
        defer { server.daemon.stop() }
        try TestRelay.wait(for: "a server at port \(port)") {
            try Execution.run(["curl", "-sf", "-m", "30", "\(server.url)/_requests"]).status == 0
        }
        return try body(server)
    }

    private init(_ port: Int, _ daemon: BackgroundProcess) {
        self.port = port
        self.daemon = daemon
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// What it was asked since the last time, in order: action or path, then what mattered, and over which connection.
    struct Request: Decodable {
        let what: String
        let fields: [String: String]
        let connection: Int
    }

    func requests() throws -> [Request] {
        try JSONDecoder()
            .decode([Request].self, from: try Execution.require(["curl", "-sf", "\(url)/_requests"]).output)
    }

    /// What becomes of the next requests instead of an answer: a status and body each, or `drop`.
    func plan(_ faults: String...) throws {
        let body = try JSONEncoder().encode(faults)
        try Execution.require(["curl", "-sf", "--data-binary", "@-", "\(url)/_plan"], input: body)
    }

    /// What all further requests for an operation are answered with.
    ///
    /// - Parameter expression: Python's for the body, from `n`, the number of the request from 0, and `f`, its fields.
    func answer(_ operation: String, with expression: String) throws {
        let body = try JSONEncoder().encode([operation, expression])
        try Execution.require(["curl", "-sf", "--data-binary", "@-", "\(url)/_answer"], input: body)
    }

    /// Adds a machine that is reached at this one's own address, with these host keys on its console.
    func add(_ name: String, port: Int, user: String, key: String, hostKeys: [String]) throws {
        let fields = [
            "name": name, "port": "\(port)", "user": user, "key": key, "hostKeys": hostKeys.joined(separator: "\n"),
        ]
        let body = try JSONEncoder().encode(fields)
        try Execution.require(["curl", "-sf", "--data-binary", "@-", "\(url)/_machine"], input: body)
    }

    /// Has the agents of all instances connected, and keys that are pushed written to a file; a push is answered once there is
    /// another file, with `.in` at its end.
    ///
    /// - Parameter path: `503` to fail instead.
    func takePushedKeys(at path: String) throws {
        try Execution.require(["curl", "-sf", "--data-binary", path, "\(url)/_pushed"])
    }

    private static let script = Script.text("fake_aws")
}
