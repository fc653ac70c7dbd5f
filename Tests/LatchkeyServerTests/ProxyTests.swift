// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// A latchkeyd that is reached through a proxy only.
struct ProxyTests {
    /// TLS is with the server that is meant, for requests and the session's WebSocket alike.
    @Test func `a session runs through a proxy that asks for a password`() throws {
        try Scratch.with { server in
            try TestRelay.with(server) { relay in
                try relay.end(by: SIGTERM)
                try relay.latchkeyd("init", "--port", String(relay.port), "--name", "relay.example")
                try relay.start()
                try TestAgent.with(relay, "far") { _ in
                    try ConnectProxy.with(login: "me:p@ss", to: relay.port) { port, log in
                        try Scratch.with { client in
                            var environment = try relay.profile(in: client, endpoint: "https://relay.example")
                            environment["https_proxy"] = "http://me:p%40ss@127.0.0.1:\(port)"
                            let run = try client.latchkey(
                                "connect",
                                "far",
                                "--",
                                "echo",
                                "through",
                                environment: environment
                            )
                            #expect(run.line == "through", "\(run.error)")
                            let lines = try client.read(log).split(separator: "\n")
                            #expect(lines.count >= 2)
                            #expect(lines.allSatisfy { $0 == "CONNECT relay.example:443 HTTP/1.1" })
                            environment["https_proxy"] = "http://me:wrong@127.0.0.1:\(port)"
                            let refused = try client.latchkey("instance", "list", environment: environment)
                            #expect(refused.status == 1 && !refused.error.contains("wrong"), "\(refused.error)")
                            #expect(
                                refused.error.contains("the proxy 127.0.0.1:\(port) asks for another user and password")
                            )
                            #expect(refused.error.contains("hint: https_proxy names it"))
                        }
                    }
                }
            }
        }
    }
}
