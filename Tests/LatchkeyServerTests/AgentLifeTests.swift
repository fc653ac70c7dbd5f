// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What an agent does while it has no relay, and when it is told to stop.
    struct AgentLife {
        private static func isRunning(_ process: String) -> Bool {
            FileManager.default.fileExists(atPath: "/proc/\(process)")
        }

        private static func number(in file: String, _ scratch: Scratch) throws -> String {
            let path = "\(scratch.path)/\(file)"
            try TestRelay.wait(for: file) { (try? scratch.read(path).hasSuffix("\n")) == true }
            return try scratch.read(path).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test func `an agent that looks for its relay goes on reading, and sees its processes end`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    try CuttingProxy.with(to: relay.port) { proxy in
                        try TestAgent.with(relay, at: proxy.endpoint) { agent in
                            // Much more than a pipe takes, and less than the agent holds for a client.
                            let command = """
                                cd '\(scratch.path)'; echo $$ >process; until [ -e go ]; do sleep 0.1; done
                                head -c 3000000 /dev/zero | tr '\\0' x; touch written; exit 5
                                """
                            let client = try BackgroundProcess(
                                [
                                    "bash", "-c",
                                    "cd '\(scratch.path)'; \"$0\" connect web-1 --road relay -- \"$1\" >out; echo $? >status",
                                    Scratch.program, command,
                                ],
                                environment: scratch.environment,
                                log: "\(scratch.path)/client.log"
                            )
                            defer { client.stop() }
                            let process = try Self.number(in: "process", scratch)
                            proxy.stall()
                            let log = { try scratch.read("\(scratch.path)/client.log") }
                            try TestRelay.wait(
                                for: "the relay to notice",
                                { try log().contains("waiting for it") },
                                otherwise: log
                            )
                            // From here on no attempt of the agent's is answered.
                            try scratch.write("go", "")
                            try TestRelay.wait(
                                for: "the output to be read",
                                {
                                    FileManager.default.fileExists(atPath: "\(scratch.path)/written")
                                }
                            )
                            // One whose end nobody noticed would be a zombie.
                            try TestRelay.wait(for: "the end to be noticed", { !Self.isRunning(process) })
                            proxy.proceed()
                            #expect(try Self.number(in: "status", scratch) == "5")
                            let out = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/out"))
                            RelayTests.expect(out, Data(repeating: 0x78, count: 3_000_000))
                        }
                    }
                }
            }
        }

        @Test func `an agent that is told to stop ends what its sessions run, says so, and leaves the rest alone`()
            throws
        {
            try RelayTests.with { scratch, relay, agent in
                // The first hears of a hang-up, the second is in the background and does not.
                let command = """
                    cd '\(scratch.path)'; setsid sh -c 'echo $$ >background; exec sleep 300' </dev/null >/dev/null 2>&1 &
                    echo $$ >process; exec sleep 300
                    """
                let client = try BackgroundProcess(
                    [
                        "bash", "-c", "\"$0\" connect web-1 --road relay -- \"$1\"; echo status=$? >&2",
                        Scratch.program, command,
                    ],
                    environment: scratch.environment,
                    log: "\(scratch.path)/client.log"
                )
                defer { client.stop() }
                let process = try Self.number(in: "process", scratch)
                let background = try Self.number(in: "background", scratch)
                defer { if let number = Int32(background) { kill(number, SIGKILL) } }
                try agent.end(by: SIGTERM)
                #expect(!Self.isRunning(process))
                #expect(Self.isRunning(background))
                let log = { try scratch.read("\(scratch.path)/client.log") }
                try TestRelay.wait(for: "the client to end", { try log().contains("status=255") }, otherwise: log)
                #expect(try log().contains("the agent was stopped, the session ended with it"))
                #expect(try RelayTests.status(relay, of: agent) == ["Failed"])
            }
        }

        @Test func `a login is told which keys were pushed, also while the relay is silent`() throws {
            try RelayTests.with { scratch, relay, agent in
                try Execution.require([
                    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(scratch.path)/key",
                ])
                let line = try scratch.read("\(scratch.path)/key.pub").trimmingCharacters(in: .whitespacesAndNewlines)
                try relay.python(
                    """
                    connect = boto3.client('ec2-instance-connect', endpoint_url=SERVER['endpoint'],
                        region_name=SERVER['region'], verify=SERVER['authorities'], aws_access_key_id=SERVER['accessKeyID'],
                        aws_secret_access_key=SERVER['secretAccessKey'], config=Config(retries={'max_attempts': 1}))
                    assert connect.send_ssh_public_key(InstanceId=sys.argv[2], InstanceOSUser='admin',
                        SSHPublicKey=sys.argv[3])['Success'] is True
                    """,
                    agent.instanceID,
                    line
                )
                #expect(try agent.authorizedKeys("admin").text == "\(line)\n")
                #expect(try agent.authorizedKeys("other").text == "")
                // It takes connections, as far as the system does that for it, and answers nothing.
                try relay.pause()
                let silent = try agent.authorizedKeys("admin")
                #expect(silent.text == "\(line)\n" && silent.status == 0, "\(silent.error)")
                #expect(silent.error.contains("the keys of its last answer count"))
                let other = try agent.authorizedKeys("other")
                #expect(other.text == "" && other.status == 1)
                try relay.resume()
                let heard = try agent.authorizedKeys("admin")
                #expect(heard.text == "\(line)\n" && heard.error == "")
            }
        }

        @Test func `a client that opens what cannot be opened, and takes no answer, costs the agent no memory`() throws
        {
            try RelayTests.with { _, relay, agent in
                let answer = try relay.python(
                    HostileInput.prelude + Self.flood,
                    agent.instanceID,
                    agent.arguments[3]
                )
                #expect(answer == "6")
            }
        }

        private static let flood = #"""
            ssm, target, state = client(), *sys.argv[2:]
            bystander = Bystander()
            [agent] = subprocess.run(['pgrep', '-f', f'^[^ ]*latchkey-agent run --state {state}'],
                capture_output=True, text=True).stdout.split()
            def size(): return int(re.search(r'VmRSS:\s+(\d+)', open(f'/proc/{agent}/status').read())[1])
            def spent(): return sum(int(n) for n in open(f'/proc/{agent}/stat').read().split(')')[1].split()[11:13])
            # The system refuses to connect there at once, so that no stream ever counts as open.
            session = Session(ssm, target, DocumentName='AWS-StartPortForwardingSessionToRemoteHost',
                Parameters={'host': ['255.255.255.255'], 'portNumber': ['9']})
            channel = session.channel().open(session.token)
            channel.next()
            agree = b'{"ClientVersion":"1","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1}]}'
            channel.send(frame(2, message('input_stream_data', agree, 0, 6)))
            before = most = size()
            channel.connection.settimeout(5)
            try:
                for number in range(1, 301):
                    opens = b''.join(struct.pack('<BBHI', 1, 0, 0, number * 1000 + n) for n in range(1000))
                    channel.connection.sendall(frame(2, message('input_stream_data', opens, number)))
                    most = max(most, size())
            except OSError:
                pass
            # Until it has nothing more to do.
            last, quiet, deadline = spent(), 0, time.monotonic() + 60
            while quiet < 10 and time.monotonic() < deadline:
                time.sleep(0.1)
                now, most = spent(), max(most, size())
                last, quiet = now, quiet + 1 if now - last < 2 else 0
            assert most < before + 30000, (before, most)
            bystander.check()
            ssm.terminate_session(SessionId=session.id)
            print(bystander.end())
            """#
    }
}
