// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// A home and the one latchkeyd that serves it.
    struct Home {
        private func latchkeyd(_ scratch: Scratch, _ arguments: String...) throws -> Execution {
            try Execution.run(
                [Scratch.program(named: "latchkeyd")] + arguments,
                environment: scratch.environment
            )
        }

        @Test func `a second server of a home is refused, and changes nothing`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let path = "\(scratch.latchkeyHome)/latchkeyd.json"
                    let before = try scratch.read(path)
                    let other = try TestRelay.freePort()
                    for address in ["127.0.0.1:\(relay.port)", "127.0.0.1:\(other)"] {
                        let second = try latchkeyd(scratch, "run", "--listen", address)
                        #expect(second.status == 1)
                        let lines = second.error.split(separator: "\n").map(String.init)
                        let words = try #require(
                            lines.first?
                                .wholeMatch(
                                    of:
                                        /latchkeyd: error: another latchkeyd serves the home '(.*)': process (\d+), at (.*)/
                                )
                        )
                        #expect(words.1 == scratch.latchkeyHome && words.3 == "127.0.0.1:\(relay.port)")
                        // The process is the one that serves.
                        let command = try Execution.require(["ps", "-o", "args=", "-p", String(words.2)]).text
                        #expect(command.contains("latchkeyd run --listen 127.0.0.1:\(relay.port)"))
                        #expect(lines.last?.hasPrefix("latchkeyd: hint: stop that one first") == true)
                    }
                    #expect(try scratch.read(path) == before)
                    #expect(try scratch.latchkey("session", "list").status == 0)
                    // However the first one ends, the next one may serve.
                    for signal in [SIGKILL, SIGTERM] {
                        try relay.end(by: signal)
                        try relay.start()
                    }
                    #expect(try scratch.read("\(scratch.latchkeyHome)/latchkeyd.lock").hasPrefix("process "))
                }
            }
        }

        @Test func `former names stay in the certificate until they are removed`() throws {
            try Scratch.with { scratch in
                func names() throws -> Set<String> {
                    let show = try Execution.require([
                        "openssl", "x509", "-noout", "-ext", "subjectAltName", "-in",
                        "\(scratch.latchkeyHome)/tls/server.pem",
                    ])
                    let list = try #require(show.text.split(separator: "\n").last)
                    return Set(list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
                }
                #expect(try latchkeyd(scratch, "init").status == 0)
                let own = try names()
                #expect(own.isSuperset(of: ["DNS:localhost", "IP Address:127.0.0.1"]))
                let first = try latchkeyd(scratch, "init", "--name", "a.example", "--name", "10.0.0.7")
                #expect(
                    first.status == 0 && first.text.contains("endpoint_url = https://a.example:8443"),
                    "\(first.error)"
                )
                let second = try latchkeyd(scratch, "init", "--name", "b.example")
                #expect(second.status == 0 && second.text.contains("endpoint_url = https://b.example:8443"))
                #expect(
                    try names() == own.union(["DNS:a.example", "IP Address:10.0.0.7", "DNS:b.example"])
                )
                // Asked without a name, nothing changes.
                #expect(try latchkeyd(scratch, "init").text.contains("https://b.example:8443"))
                #expect(try names().count == own.count + 3)
                let third = try latchkeyd(scratch, "init", "--remove-name", "b.example", "--remove-name", "10.0.0.7")
                #expect(
                    third.status == 0 && third.text.contains("endpoint_url = https://a.example:8443"),
                    "\(third.error)"
                )
                #expect(try names() == own.union(["DNS:a.example"]))
                for (name, error) in [
                    ("b.example", "the certificate is not for 'b.example'"),
                    ("localhost", "'localhost' is this machine's own name"),
                ] {
                    let wrong = try latchkeyd(scratch, "init", "--remove-name", name)
                    #expect(wrong.status == 64 && wrong.error.contains(error), "\(wrong.error)")
                    #expect(wrong.error.contains("it can lose 'a.example'"))
                }
                let last = try latchkeyd(scratch, "init", "--remove-name", "a.example")
                #expect(last.status == 0 && last.text.contains("endpoint_url = https://127.0.0.1:8443"))
                #expect(try names() == own)
            }
        }

        @Test func `without certificates plain HTTP is served, and said to be`() throws {
            try Scratch.with { scratch in
                let log = "\(scratch.path)/log"
                let port = try TestRelay.freePort()
                let server = try BackgroundProcess(
                    [Scratch.program(named: "latchkeyd"), "run", "--listen", "127.0.0.1:\(port)"],
                    environment: scratch.environment,
                    log: log
                )
                defer { server.stop() }
                try TestRelay.wait(for: "a word about it") { try scratch.read(log).contains("serving plain HTTP") }
                struct Line: Decodable { let level: String, message: String, hint: String? }
                let lines = try scratch.read(log).split(separator: "\n")
                    .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
                let line = try #require(lines.first { $0.message.hasPrefix("serving plain HTTP") })
                #expect(line.level == "warning" && line.hint == "latchkeyd init makes certificates")
            }
        }

        @Test func `the log is for people at a terminal`() throws {
            try Scratch.with { scratch in
                let port = try TestRelay.freePort()
                let program = Scratch.program(named: "latchkeyd")
                try Screen.with(scratch, columns: 160, environment: ["PROGRAM": program]) { screen in
                    try screen.enter("\"$PROGRAM\" run --listen 127.0.0.1:\(port)")
                    try screen.wait(for: "two lines for people") { shown in
                        shown.contains(/\n\d\d:\d\d:\d\d listening, address \S*127\.0\.0\.1\S*:\d+, tls no\n/)
                            && shown.contains(
                                /\n\d\d:\d\d:\d\d warning: serving plain HTTP: .*; latchkeyd init makes certificates/
                            )
                    }
                    #expect(!(try screen.content()).contains("{"))
                    try screen.press("C-c")
                    try screen.wait(for: "its end") { $0.contains(/\d\d:\d\d:\d\d stopping\n/) }
                    try screen.expect("local$")
                }
            }
        }
    }
}
