// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import LatchkeyTransport
import Testing

/// Servers that do not want to come to an end.
struct HostileServerTests {
    /// Answers each connection with what `sys.argv[2]`, a generator of bytes, gives.
    private static let script = Script.text("endless_server")

    private func with(_ chunks: String, _ body: (ServerAddress) throws -> Void) throws {
        let port = try TestRelay.freePort()
        let daemon = try BackgroundProcess(["python3", "-c", Self.script, String(port), chunks])
        defer { daemon.stop() }
        try TestRelay.wait(for: "the server") {
            try Execution.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0
        }
        try body(ServerAddress(isSecure: false, host: "127.0.0.1", port: port))
    }

    private func ask(_ server: ServerAddress, timeout: Int) -> TransportError? {
        do throws(TransportError) {
            _ = try HTTPExchange.perform(HTTPRequest("GET", server), trust: .system, timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            "[]", "drip(HEAD, 1)", "chain([HEAD], drip(b'X: ' + b'y' * 1000, 0.05))",
            "drip(CHUNKED + b'1\\r\\na\\r\\n' * 1000, 0.01)",
            "chain([HEAD + b'Content-Length: 1000\\r\\n\\r\\n'], drip(b'a' * 999, 0.01))",
        ]
    )
    func `an answer that never ends is given up in time`(chunks: String) throws {
        try with(chunks) { server in #expect(ask(server, timeout: 2000) == .timedOut) }
    }

    /// There is always something to read, so nothing is ever waited for.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("chain([HEAD], forever(b'X: y\\r\\n'))", TransportError.malformed("an answer without end")),
            ("chain([CHUNKED], forever(b'400\\r\\n' + b'a' * 1024 + b'\\r\\n'))", .tooLong),
            ("chain([HEAD + b'\\r\\n'], forever(b'a' * 65536))", .tooLong),
            ("chain([CHUNKED + b'1;'], forever(b'a' * 100))", .malformed("a chunk without a size")),
        ]
    )
    func `an answer without end is read up to a limit`(chunks: String, error: TransportError) throws {
        try with(chunks) { server in #expect(ask(server, timeout: 120_000) == error) }
    }

    @Test(.timeLimit(.minutes(5))) func `becoming a WebSocket has one time for all of it`() throws {
        try with("drip(b'HTTP/1.1 101 Switching Protocols\\r\\n' + b'X: y\\r\\n' * 1000, 0.01)") { server in
            #expect(throws: TransportError.timedOut) {
                _ = try WebSocketConnection(to: server, trust: .system, timeout: 2000)
            }
        }
    }
}
