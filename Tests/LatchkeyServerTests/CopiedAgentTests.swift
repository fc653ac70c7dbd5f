// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// Two agents with one registration: a machine that was copied, or an agent that was started twice.
    struct CopiedAgents {
        @Test func `an agent is not started twice with one state folder`() throws {
            try RelayTests.with { scratch, _, agent in
                let second = try Execution.run(agent.arguments, environment: scratch.environment)
                #expect(second.status != 0)
                #expect(second.error.contains("another agent runs with the state folder"), "\(second.error)")
                #expect(try scratch.latchkey("connect", "web-1", "--road", "relay", "--", "echo in").text == "in\n")
            }
        }

        @Test func `the copy of an agent takes its place only when it is gone`() throws {
            try RelayTests.with { scratch, relay, agent in
                let (state, copy) = ("\(scratch.path)/agent-web-1", "\(scratch.path)/copy")
                try Execution.require(["cp", "-a", state, copy])
                // The agent is the command's parent.
                let mark = "tr '\\0' ' ' </proc/$PPID/cmdline | grep -o 'state [^ ]*'"
                let connections = try agent.connections()
                let words = agent.arguments.map { $0 == state ? copy : $0 }
                let log = "\(scratch.path)/copy.log"
                let other = try BackgroundProcess(words, log: log)
                defer { other.stop() }
                try TestRelay.wait(
                    for: "the copy to be refused, more than once",
                    { try scratch.read(log).components(separatedBy: "another agent is connected as").count > 3 },
                    otherwise: { try scratch.read(log) }
                )
                // The first one has not even noticed.
                #expect(try agent.connections() == connections)
                let first = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", mark)
                #expect(first.text == "state \(state)\n")
                #expect(try relay.logs("a second agent with the same registration"))
                // Whoever looks is told.
                let shown = try scratch.latchkey("instance", "show", "web-1").text
                #expect(shown.contains("connected to the relay"), "\(shown)")
                #expect(shown.contains("a second machine with its registration was turned away at "), "\(shown)")
                let doctor = try scratch.latchkey("doctor")
                #expect(doctor.status == 1)
                #expect(doctor.text.contains("a second machine uses the registration of 'web-1'"), "\(doctor.text)")
                // One that hangs gives no sign of life.
                try agent.send(SIGSTOP)
                defer { try? agent.send(SIGCONT) }
                var last = ""
                try TestRelay.wait(
                    for: "the copy to be taken",
                    {
                        let run = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", mark)
                        last = "\(run)"
                        return run.text == "state \(copy)\n"
                    },
                    otherwise: { try last + scratch.read(log) + relay.log() }
                )
            }
        }
    }
}
