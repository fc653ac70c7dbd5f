// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyServer

extension RelayTests {
    /// How a machine gets the agent: what `activation create` prints is typed as it stands.
    struct Installation {
        private func words(_ relay: TestRelay, _ name: String) throws -> (id: String, code: String, lines: [String]) {
            let text = try relay.latchkeyd("activation", "create", "--name", name).text
            let lines = text.split(separator: "\n").map(String.init)
            func value(_ name: String) throws -> String {
                try #require(lines.first { $0.hasPrefix("\(name) = ") })
                    .replacingOccurrences(of: "\(name) = ", with: "")
            }
            return (
                try value("activation_id"), try value("activation_code"),
                lines.filter { !$0.hasPrefix("#") && !$0.hasPrefix("activation_") }
            )
        }

        @Test func `the line that is printed installs the agent and registers the machine`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let (id, code, lines) = try words(relay, "web-1")
                    #expect(lines.count == 2, "\(lines)")
                    let root = "\(scratch.path)/root"
                    let run = try Execution.run(
                        ["sh", "-c", lines[0]],
                        environment: ["DESTDIR": root, "TMPDIR": scratch.path]
                    )
                    #expect(run.status == 0, "\(run.text)\(run.error)")
                    #expect(run.text.contains("ca.pem: OK"))
                    #expect(
                        run.text.contains("install: latchkey-agent 0.1.0 is at \(root)/usr/local/bin/latchkey-agent")
                    )
                    #expect(!run.error.contains(code))
                    let here = Scratch.program(named: "latchkey-agent")
                    try Execution.require(["cmp", here, "\(root)/usr/local/bin/latchkey-agent"])
                    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/usr/local/bin").count == 1)
                    #expect(try scratch.latchkey("instance", "show", "web-1").text.contains("\nid         mi-"))
                    #expect(try relay.latchkeyd("activation", "list").text.contains(id))
                    let agent = try LatchkeyTestSupport.BackgroundProcess(
                        ["\(root)/usr/local/bin/latchkey-agent", "run", "--state", "\(root)/var/lib/latchkey-agent"]
                    )
                    defer { agent.stop() }
                    try TestRelay.wait(for: "the agent") {
                        try scratch.latchkey("instance", "show", "web-1").text.contains("connected to the relay")
                    }
                    #expect(try scratch.latchkey("connect", "web-1", "--road", "relay", "echo", "in").text == "in\n")
                }
            }
        }

        @Test func `the other line registers a machine that has the agent`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let line = try #require(try words(relay, "web-2").lines.last)
                    #expect(
                        line.hasPrefix(
                            "latchkey-agent register --endpoint https://127.0.0.1:\(relay.port) --ca ca.pem "
                        )
                    )
                    let folder = URL(fileURLWithPath: Scratch.program).deletingLastPathComponent().path
                    let run = try Execution.run(
                        [
                            "sh", "-c",
                            "cd '\(scratch.latchkeyHome)/tls' && PATH='\(folder)':$PATH && \(line) --state ../state",
                        ],
                        environment: scratch.environment
                    )
                    #expect(run.status == 0 && run.line.hasPrefix("mi-"), "\(run.error)")
                }
            }
        }

        @Test func `the console's line is the same, with words for what only who asks may know`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let (id, code, lines) = try words(relay, "web-1")
                    let told = try Execution.require([
                        "curl", "-fsS", "--cacert", relay.authority, "\(relay.endpoint)/agent/command",
                    ])
                    #expect(
                        told.line.replacingOccurrences(of: "ACTIVATION-ID", with: id)
                            .replacingOccurrences(of: "ACTIVATION-CODE", with: code) == lines.first
                    )
                }
            }
        }

        /// Whoever is on the way could show another certificate.
        @Test func `another authority's certificate ends it before anything else is fetched`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let line = try #require(try words(relay, "web-1").lines.first)
                    let digest = try #require(line.firstMatch(of: /echo '([0-9a-f]{64})/)).1
                    let wrong = line.replacingOccurrences(of: digest, with: String(repeating: "0", count: 64))
                    let run = try Execution.run(
                        ["sh", "-c", wrong],
                        environment: ["DESTDIR": "\(scratch.path)/root", "TMPDIR": scratch.path]
                    )
                    #expect(run.status != 0)
                    #expect(run.text.contains("ca.pem: FAILED"))
                    #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/root"))
                }
            }
        }

        @Test func `the program is given to those alone who show an activation`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let (id, code, _) = try words(relay, "web-1")
                    func status(_ user: String?, _ path: String = AgentInstallation.programURLPath) throws -> String {
                        try Execution.require(
                            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", relay.authority]
                                + (user.map { ["-u", $0] } ?? []) + ["\(relay.endpoint)\(path)"]
                        )
                        .text
                    }
                    #expect(try status("\(id):\(code)") == "200")
                    for user in [nil, "\(id):x", "x:\(code)", ":", "\(id):\(code)x"] {
                        #expect(try status(user) == "401", "\(user ?? "")")
                    }
                    #expect(try status(nil, "/agent/") == "404")
                    #expect(try status(nil, "/agent/../master.key") == "404")
                    try scratch.execute("UPDATE activation SET expiration = 1")
                    #expect(try status("\(id):\(code)") == "401")
                }
            }
        }

        @Test func `a failure leaves nothing behind and says what is wrong`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let line = try #require(try words(relay, "web-1").lines.first)
                    try scratch.execute("DELETE FROM activation")
                    let run = try Execution.run(
                        ["sh", "-c", line],
                        environment: ["DESTDIR": "\(scratch.path)/root", "TMPDIR": scratch.path]
                    )
                    #expect(run.status == 1)
                    #expect(run.error.contains("install: error: the server does not give the agent"), "\(run.error)")
                    let left = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/root/usr/local/bin")
                    #expect(left.isEmpty)
                }
            }
        }

        @Test func `the script has the unit of the package, and every shell reads it`() throws {
            let unit = try String(
                contentsOfFile: "\(#filePath)".replacing(/Tests\/.*/, with: "systemd/latchkey-agent.service"),
                encoding: .utf8
            )
            #expect(InstallationScript.unit + "\n" == unit)
            try Scratch.with { scratch in
                let path = try scratch.write("install", InstallationScript.text)
                for shell in ["sh", "dash", "bash"] { try Execution.require([shell, "-n", path]) }
                // Cut off anywhere, it does nothing.
                let half = try scratch.write("half", InstallationScript.text.dropLast(15))
                let run = try Execution.run(["sh", half, "https://127.0.0.1:1", "a", "b"])
                #expect(run.output.isEmpty)
            }
        }
    }
}
