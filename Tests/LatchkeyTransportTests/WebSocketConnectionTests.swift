// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyTestSupport
import LatchkeyTransport
import Testing

/// A client's WebSocket over TLS, with a server made by hand.
struct WebSocketConnectionTests {
    /// A server that says `sys.argv[3]` KiB at once, in messages of 8 KiB, and waits.
    private static let server = Script.text("websocket_server")

    private func with<Value>(kibibytes: Int, _ body: (WebSocketConnection) throws -> Value) throws -> Value {
        try Scratch.with { scratch in
            try Execution.require([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(scratch.path)/key.pem",
                "-out", "\(scratch.path)/cert.pem",
            ])
            let port = try TestRelay.freePort()
            let words = ["python3", "-c", Self.server, scratch.path, String(port), String(kibibytes)]
            let daemon = try BackgroundProcess(words, log: "\(scratch.path)/log")
            defer { daemon.stop() }
            var connection: WebSocketConnection?
            try TestRelay.wait(
                for: "the server",
                {
                    connection = try? WebSocketConnection(
                        to: ServerAddress(isSecure: true, host: "127.0.0.1", port: port),
                        trust: Trust(authorities: "\(scratch.path)/cert.pem"),
                        timeout: 100_000
                    )
                    return connection != nil
                },
                otherwise: { try scratch.read("\(scratch.path)/log") }
            )
            return try body(#require(connection))
        }
    }

    private func hasArrived(_ connection: WebSocketConnection, within milliseconds: Int32) -> Bool {
        var wait = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, milliseconds) > 0
    }

    /// Of what came, the end lies in TLS's memory once the network has no more. A server that is kept from the processor may
    /// send so little at a time that nothing stays there; then it is tried once more.
    @Test func `what TLS holds in memory is told of, since no descriptor does`() throws {
        for _ in 0..<10 {
            if try with(kibibytes: 8 * Self.count, isToldOfTheRest) { return }
        }
        Issue.record("nothing ever stayed between the two")
    }

    private static let count = 80

    /// - Returns: false if nothing was left to be told of.
    private func isToldOfTheRest(_ connection: WebSocketConnection) throws -> Bool {
        var (received, messages) = (WebSocketConnection.Received.all, 0)
        // Until it has its fill, and the network has no more: the rest is between the two.
        while received == .all || hasArrived(connection, within: 200) {
            try #require(received == .some || hasArrived(connection, within: 100_000))
            received = try connection.receive()
        }
        while try connection.next({ _, _ in true }) != nil { messages += 1 }
        guard messages < Self.count else { return false }
        var isAwake = true
        while messages < Self.count, isAwake {
            isAwake = received == .some || hasArrived(connection, within: 100_000)
            if isAwake { received = try connection.receive() }
            while try connection.next({ _, _ in true }) != nil { messages += 1 }
        }
        #expect(messages == Self.count)
        return true
    }
}
