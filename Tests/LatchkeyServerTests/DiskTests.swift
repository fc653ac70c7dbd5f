// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// Disks that are full.
    struct Disks {
        /// Says on what the suite runs: whoever reads its output learns what was not tried.
        @Test func `small disks can be mounted, or full ones are not tried`() {
            print("latchkey: full disks are \(SmallDisk.canBeMade ? "tried" : "NOT TESTED, MOUNTING TAKES ROOT")")
        }

        @Test(.enabled(if: SmallDisk.canBeMade))
        func `a relay whose disk is full goes on, refuses in clear words, and catches up`() throws {
            try Scratch.with { scratch in
                try SmallDisk.with(at: scratch.latchkeyHome, mebibytes: 16) { _ in
                    try TestRelay.with(scratch) { relay in
                        try TestAgent.with(relay) { agent in try fillUp(relay, agent) }
                    }
                }
            }
        }

        @Test(.enabled(if: SmallDisk.canBeMade))
        func `one that is killed comes back on the full disk, and its sessions with it`() throws {
            try Scratch.with { scratch in
                try SmallDisk.with(at: scratch.latchkeyHome, mebibytes: 16) { disk in
                    try TestRelay.with(scratch) { relay in
                        try TestAgent.with(relay) { agent in
                            let script = """
                                cd '\(scratch.path)'
                                "$0" connect web-1 --road relay -- \
                                    'until [ -e \(scratch.path)/go ]; do sleep 0.1; done; echo done; exit 9' >out
                                echo $? >status
                                """
                            let client = try BackgroundProcess(
                                ["bash", "-c", script, Scratch.program],
                                environment: scratch.environment
                            )
                            defer { client.stop() }
                            try RelayTests.wait(for: "Connected", relay, of: agent)
                            try disk.fill()
                            let known = try agent.connections()
                            try relay.end(by: SIGKILL)
                            try relay.start()
                            try agent.waitForReturn(after: known)
                            try scratch.write("go", "")
                            try TestRelay.wait(
                                for: "the client to end",
                                { (try? scratch.read("\(scratch.path)/status")) == "9\n" },
                                otherwise: { try relay.log() + agent.log() }
                            )
                            #expect(try scratch.read("\(scratch.path)/out") == "done\n")
                        }
                    }
                }
            }
        }

        @Test(.enabled(if: SmallDisk.canBeMade)) func `an agent whose disk is full serves all the same`() throws {
            try Scratch.with { scratch in
                try SmallDisk.with(at: "\(scratch.path)/agent-web-1", mebibytes: 1) { disk in
                    try TestRelay.with(scratch) { relay in
                        try TestAgent.with(relay) { agent in
                            try disk.fill()
                            func run() throws -> Execution {
                                let words = "cat; echo err >&2; exit 5"
                                return try scratch.latchkey(
                                    "connect",
                                    "web-1",
                                    "--road",
                                    "relay",
                                    "--",
                                    words,
                                    input: Data("in\n".utf8)
                                )
                            }
                            for _ in 0..<2 {
                                let answer = try run()
                                #expect(answer.status == 5)
                                #expect(answer.text == "in\n")
                                #expect(answer.error == "err\n")
                                // It is known again by what it has.
                                try agent.end(by: SIGKILL)
                                try agent.start()
                            }
                        }
                    }
                }
            }
        }

        private func fillUp(_ relay: TestRelay, _ agent: TestAgent) throws {
            // A key's last use is written down with the next request, but not while there is no room.
            try relay.scratch.execute("UPDATE accessKey SET lastUsed = NULL")
            let answer = try relay.python(
                HostileInput.prelude + #"""
                    ssm, target = client(), sys.argv[2]
                    def listed(state): return {s['SessionId']: s['Status'] for s in ssm.describe_sessions(State=state)['Sessions']}
                    def refusal():
                        try:
                            session = ssm.start_session(Target=target)
                        except ClientError as error:
                            return error.response['Error']
                        ssm.terminate_session(SessionId=session['SessionId'])
                        return None
                    staying, leaving = Bystander(), Bystander()
                    running = listed('Active')
                    assert len(running) == 2 and not listed('History'), running
                    filler = open(HOME + '/filler', 'wb', buffering=0)
                    for size in (65536, 4096, 1):
                        try:
                            while True: filler.write(b'x' * size)
                        except OSError as error:
                            assert error.errno == 28, error
                    # Not the first one only.
                    for _ in range(3):
                        refused = refusal()
                        assert refused and refused['Code'] == 'InternalServerError' and 'disk' in refused['Message'], refused
                        staying.check()
                    # What needs no room is done.
                    for session in running: assert ssm.resume_session(SessionId=session)['TokenValue']
                    assert ssm.get_connection_status(Target=target)['Status'] == 'connected'
                    assert listed('Active').keys() == running.keys()
                    assert leaving.end() == 6
                    staying.check()
                    assert is_healthy()

                    filler.truncate(0)
                    deadline = time.monotonic() + 180
                    while len(ended := listed('History')) < 1: assert time.monotonic() < deadline, listed('Active')
                    assert set(ended.values()) == {'Terminated'} and len(listed('Active')) == 1, (ended, listed('Active'))
                    assert refusal() is None
                    new = Bystander()
                    assert new.end() == 6
                    print(staying.end())
                    """#,
                agent.instanceID
            )
            #expect(answer == "6")
            try RelayTests.wait(for: "Terminated", relay, of: agent)
            #expect(try RelayTests.status(relay, of: agent) == Array(repeating: "Terminated", count: 4))
            // It has not died and come back.
            #expect(try relay.log().components(separatedBy: "\"agent connected\"").count == 2)
        }
    }
}
