// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What must not be read on the way, and proxies that end TLS.
    struct Cleartext {
        /// Ends TLS and passes requests on in the clear, maybe with one more header.
        private static let proxy = Script.text("cleartext_proxy")

        private func withProxy(_ relay: TestRelay, adding header: String, at port: Int, _ body: () throws -> Void)
            throws
        {
            let folder = "\(relay.scratch.latchkeyHome)/tls"
            let daemon = try BackgroundProcess([
                "python3", "-c", Self.proxy, "\(port)", "\(relay.port)", folder, header,
            ])
            defer { daemon.stop() }
            try TestRelay.wait(for: "the proxy") {
                try Execution.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0
            }
            try body()
        }

        private static let command = ["connect", "\(NSUserName())@web-1", "--road", "relay", "--", "echo in"]

        @Test func `a session that was asked for over https goes over TLS or not at all`() throws {
            try RelayTests.with { _, relay, agent in
                try Scratch.with { client in
                    let port = try TestRelay.freePort()
                    let profile = try relay.profile(in: client, endpoint: "https://127.0.0.1:\(port)")
                    let environment = client.environment.merging(profile) { $1 }
                    func connect() throws -> Execution {
                        try Execution.run([Scratch.program] + Self.command, environment: environment)
                    }
                    // Anybody could write the header.
                    try withProxy(relay, adding: "X-Forwarded-Proto: https|", at: port) {
                        let run = try connect()
                        #expect(run.status == 255 && run.text.isEmpty, "\(run.error)")
                        #expect(run.error.contains("it sends the session to 'ws://127.0.0.1:\(port)'"), "\(run.error)")
                        #expect(run.error.contains("--public-url"), "\(run.error)")
                        #expect(try RelayTests.status(relay, of: agent).allSatisfy { $0 == "Terminated" })
                    }
                    func restart(_ options: String...) throws {
                        let connections = try agent.connections()
                        try relay.end(by: SIGTERM)
                        try relay.start(options)
                        try agent.waitForReturn(after: connections)
                    }
                    try restart("--trusted-proxy", "192.0.2.0/24", "--trusted-proxy", "127.0.0.0/8")
                    for header in ["X-Forwarded-Proto: https|", "Forwarded: for=192.0.2.1;proto=https|"] {
                        try withProxy(relay, adding: header, at: port) {
                            let run = try connect()
                            #expect(run.status == 0 && run.line == "in", "\(run.error)")
                        }
                    }
                    try restart("--public-url", "https://127.0.0.1:\(port)")
                    try withProxy(relay, adding: "", at: port) {
                        let run = try connect()
                        #expect(run.status == 0 && run.line == "in", "\(run.error)")
                    }
                }
            }
        }

        /// 0.0.0.0 leads here, too, but is no address of this machine's own to those who ask.
        @Test func `a server beyond this machine is asked in the clear only by those who say so twice`() throws {
            try RelayTests.with { _, relay, _ in
                try Scratch.with { client in
                    let url = "http://0.0.0.0:\(relay.port)"
                    let environment = client.environment.merging(try relay.profile(in: client, endpoint: url)) { $1 }
                    func run(_ words: [String]) throws -> Execution {
                        try Execution.run([Scratch.program] + words, environment: environment)
                    }
                    for words in [["instance", "list"], Self.command, ["session", "list", "--endpoint-url", url]] {
                        let refused = try run(words)
                        #expect(refused.status != 0 && refused.text.isEmpty)
                        #expect(refused.error.contains("the endpoint '\(url)' is not encrypted"), "\(refused.error)")
                    }
                    let list = try run(["instance", "list", "--insecure"])
                    #expect(list.status == 0 && list.text.contains("web-1"), "\(list.error)")
                    let session = try run(["--insecure"] + Self.command)
                    #expect(session.status == 0 && session.line == "in", "\(session.error)")
                }
            }
        }

        @Test func `what is no public URL and no address of a proxy is refused`() throws {
            try Scratch.with { scratch in
                for words in [
                    ["--public-url", "http://relay.example"], ["--public-url", "https://relay.example/x"],
                    ["--trusted-proxy", "relay.example"], ["--trusted-proxy", "10.0.0.0/33"],
                ] {
                    let run = try Execution.run(
                        [Scratch.program(named: "latchkeyd"), "run"] + words,
                        environment: scratch.environment
                    )
                    #expect(run.status == 64 && run.error.contains(words[0]), "\(run.error)")
                }
            }
        }
    }
}
