// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// The agent as a service of systemd's, by the unit in the folder systemd.
    struct ServiceUnit {
        private static let isTried = geteuid() == 0 && FileManager.default.fileExists(atPath: "/run/systemd/system")

        private static func unit() throws -> [String] {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let path = root.appendingPathComponent("systemd/latchkey-agent.service").path
            return try String(contentsOfFile: path, encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }

        @Test func `systemd and root's rights are there, or the agent's unit is not tried`() {
            if !Self.isTried { print("latchkey: NOT TRIED UNDER SYSTEMD: what outlives the agent's service") }
        }

        @Test func `the unit leaves to the agent what is to end with it`() throws {
            let unit = try Self.unit()
            #expect(unit.filter { $0.hasPrefix("KillMode=") } == ["KillMode=process"])
            // One that ends because of one of its sessions would take the others with it.
            #expect(unit.contains("OOMPolicy=continue"))
            // By the signal that the agent takes for this.
            #expect(!unit.contains { $0.hasPrefix("KillSignal=") || $0.hasPrefix("SendSIGKILL=") })
        }

        @Test(.enabled(if: isTried)) func `tmux and nohup outlive an agent that systemd stops and starts`() throws {
            try RelayTests.with { scratch, relay, agent in
                try agent.end(by: SIGTERM)
                let name = "latchkey-agent-test-\(UUID().uuidString.prefix(8)).service"
                let path = "/run/systemd/system/\(name)"
                // Its own, but for where program and state are.
                let unit = try Self.unit()
                    .compactMap { line -> String? in
                        if line.hasPrefix("ExecStart=") {
                            return "ExecStart=\(agent.arguments.joined(separator: " "))"
                        }
                        return line.hasPrefix("ConditionPathExists=") || line.hasPrefix("StateDirectory") ? nil : line
                    }
                try scratch.write(path, unit.joined(separator: "\n"), mode: 0o644)
                defer {
                    _ = try? Execution.run(["systemctl", "stop", name])
                    _ = try? FileManager.default.removeItem(atPath: path)
                    _ = try? Execution.run(["systemctl", "daemon-reload"])
                }
                try Execution.require(["systemctl", "daemon-reload"])
                var known = try agent.connections()
                try Execution.require(["systemctl", "start", name])
                try agent.waitForReturn(after: known)

                let command = """
                    cd '\(scratch.path)'; nohup sleep 300 >/dev/null 2>&1 & echo $! >nohup
                    tmux -S '\(scratch.path)/tmux' new-session -d 'echo $$ >session; exec sleep 300'
                    until [ -s session ]; do sleep 0.1; done
                    """
                let made = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", command)
                #expect(made.status == 0, "\(made.error)")
                let processes = try ["nohup", "session"]
                    .map {
                        try scratch.read("\(scratch.path)/\($0)").trimmingCharacters(in: .whitespacesAndNewlines)
                    }
                defer { for process in processes.compactMap(Int32.init) { kill(process, SIGKILL) } }
                func areRunning() -> Bool {
                    processes.allSatisfy { FileManager.default.fileExists(atPath: "/proc/\($0)") }
                }
                #expect(areRunning())
                known = try agent.connections()
                try Execution.require(["systemctl", "restart", name])
                try agent.waitForReturn(after: known)
                #expect(areRunning())
                try Execution.require(["systemctl", "stop", name])
                #expect(areRunning())
            }
        }
    }
}
