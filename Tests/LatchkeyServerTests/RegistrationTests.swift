// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// `latchkey-agent register`, and what comes of it when it goes wrong.
    struct Registrations {
        /// The id and the code of a new activation.
        private func activation(_ relay: TestRelay, _ options: [String] = []) throws -> [String] {
            let text =
                try Execution.require(
                    [Scratch.program(named: "latchkeyd"), "activation", "create"] + options,
                    environment: relay.scratch.environment
                )
                .text
            return text.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
        }

        private func register(
            _ relay: TestRelay,
            _ state: String,
            _ activation: [String],
            endpoint: String? = nil,
            _ options: [String] = []
        ) throws -> Execution {
            try Execution.run(
                [
                    Scratch.program(named: "latchkey-agent"), "register", "--endpoint", endpoint ?? relay.endpoint,
                    "--ca", relay.authority, "--state", state, "--activation-id", activation[0],
                ] + options,
                environment: relay.scratch.environment.merging(["LATCHKEY_ACTIVATION_CODE": activation[1]]) { $1 }
            )
        }

        /// How many have registered, of each activation.
        private func counts(_ relay: TestRelay) throws -> [String] {
            try relay.python(
                "print(*[a['RegistrationsCount'] for a in client().describe_activations()['ActivationList']])"
            )
            .split(separator: " ").map(String.init)
        }

        private func ids(_ relay: TestRelay) throws -> [String] {
            try relay.python(
                "print(*[i['InstanceId'] for i in client().describe_instance_information()['InstanceInformationList']])"
            )
            .split(separator: " ").map(String.init)
        }

        /// 0.0.0.0 leads here, too, but is no address of this machine's own to those who ask.
        @Test func `a server beyond this machine is registered with in the clear only by those who say so twice`()
            throws
        {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let (activation, state) = (try activation(relay), "\(scratch.path)/agent")
                    let url = "http://0.0.0.0:\(relay.port)"
                    let refused = try register(relay, state, activation, endpoint: url)
                    #expect(refused.status == 1 && refused.output.isEmpty)
                    #expect(refused.error.contains("the endpoint '\(url)' is not encrypted"), "\(refused.error)")
                    #expect(
                        refused.error.contains("hint: ") && refused.error.contains("--insecure"),
                        "\(refused.error)"
                    )
                    #expect(try FileManager.default.contentsOfDirectory(atPath: state).isEmpty)
                    #expect(try counts(relay) == ["0"])
                    let run = try register(relay, state, activation, endpoint: url, ["--insecure"])
                    #expect(run.status == 0, "\(run.error)")
                    #expect(try ids(relay) == [run.line])
                    // What was said once, by hand in the file, does not count.
                    let path = "\(state)/registration.json"
                    let content = try scratch.read(path).split(separator: "\n")
                    #expect(content.contains("  \"allowsCleartext\" : true,"), "\(content)")
                    let left = content.filter { !$0.contains("allowsCleartext") }
                    try scratch.write(path, left.joined(separator: "\n"))
                    let agent = try Execution.run([Scratch.program(named: "latchkey-agent"), "run", "--state", state])
                    #expect(agent.status == 1 && agent.error.contains("is not encrypted"), "\(agent.error)")
                }
            }
        }

        @Test func `a registration whose answer is lost is taken up again, and counts once`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let (activation, state) = (try activation(relay), "\(scratch.path)/agent")
                    // Passes one connection on, and cuts it off when the server has answered.
                    let port = try TestRelay.freePort()
                    let cutter = try BackgroundProcess([
                        "python3", "-c",
                        """
                        import select, socket
                        listener = socket.create_server(('127.0.0.1', \(port)))
                        near, far = listener.accept()[0], socket.create_connection(('127.0.0.1', \(relay.port)))
                        while True:
                            for ready in select.select([near, far], [], [])[0]:
                                data = ready.recv(65536)
                                if ready is near: far.sendall(data)
                                elif not data or data.startswith(b'HTTP/1.1 '): raise SystemExit
                        """,
                    ])
                    defer { cutter.stop() }
                    try TestRelay.wait(for: "the cutter") {
                        try Execution.run(["bash", "-c", "ss -ltn | grep -q ':\(port) '"]).status == 0
                    }
                    let lost = try register(relay, state, activation, endpoint: "http://127.0.0.1:\(port)")
                    #expect(lost.status == 1)
                    #expect(lost.output.isEmpty)
                    #expect(lost.error.contains("hint: try it again: the activation counts this machine once"))
                    #expect(try counts(relay) == ["1"])
                    let run = try register(relay, state, activation)
                    #expect(run.status == 0, "\(run.error)")
                    #expect(try ids(relay) == [run.line])
                    #expect(try counts(relay) == ["1"])
                    // The key that was shown is the one that signs from now on, and no other is left lying about.
                    let files = try FileManager.default.contentsOfDirectory(atPath: state)
                    #expect(Set(files) == ["agent-key.pem", "ca.pem", "registration.json"])
                    let agent = try BackgroundProcess([
                        Scratch.program(named: "latchkey-agent"), "run", "--state", state,
                    ])
                    defer { agent.stop() }
                    try TestRelay.wait(for: "the agent") { try relay.log().contains("\"agent connected\"") }
                    // A registration that is in use is not taken up again.
                    #expect(try register(relay, state, activation, ["--force"]).status == 1)
                }
            }
        }

        @Test func `what is wrong is told, and a registration that holds is left as it is`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let state = "\(scratch.path)/agent"
                    let activation = try activation(relay)
                    let nonsense = try scratch.write("nonsense", "nonsense")
                    let closed = "https://127.0.0.1:\(try TestRelay.freePort())"
                    func expect(_ run: Execution, _ status: Int32, _ parts: String...) {
                        #expect(run.status == status, "\(run.error)")
                        #expect(run.error.split(separator: "\n").count == 2, "\(run.error)")
                        for part in parts { #expect(run.error.contains(part), "\(run.error)") }
                    }
                    expect(
                        try register(relay, state, ["x", "y"]),
                        1,
                        "no such activation",
                        "latchkeyd activation create"
                    )
                    expect(try register(relay, state, activation, endpoint: closed), 1, "refused", "does latchkeyd run")
                    expect(try register(relay, state, activation, endpoint: "x:1"), 1, "'x:1'", "for example https://")
                    // The last one of an option counts.
                    let trust = ["--ca", nonsense]
                    expect(
                        try register(relay, state, activation, trust),
                        1,
                        "no certificate in '\(nonsense)'",
                        "ca.pem"
                    )
                    expect(
                        try register(relay, state, activation, ["--ca", "/nowhere"]),
                        1,
                        "no file '/nowhere'",
                        "ca.pem"
                    )
                    let other = try Execution.require([
                        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout",
                        "/dev/null",
                    ])
                    let foreign = ["--ca", try scratch.write("foreign", other.text)]
                    expect(try register(relay, state, activation, foreign), 1, "is not trusted", "tls/ca.pem")
                    #expect(try counts(relay) == ["0"])

                    let done = try register(relay, state, activation)
                    #expect(done.error == "latchkey-agent: registered; start it: latchkey-agent run --state \(state)\n")
                    expect(try register(relay, state, activation), 1, "already, as \(done.line)", "--force")
                    let names = ["agent-key.pem", "ca.pem", "registration.json"]
                    let before = try names.map { try scratch.read("\(state)/\($0)") }
                    expect(try register(relay, state, activation, ["--force"] + foreign), 1, "is not trusted")
                    expect(try register(relay, state, activation, ["--force"]), 1, "and all of them have registered")
                    #expect(try names.map { try scratch.read("\(state)/\($0)") } == before)
                }
            }
        }

        @Test func `an agent whose instance was removed says so`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let state = "\(scratch.path)/agent"
                    let id = try register(relay, state, try activation(relay, ["--name", "web-1"])).line
                    #expect(try scratch.latchkey("instance", "remove", "web-1").status == 0)
                    let log = "\(scratch.path)/agent.log"
                    let agent = try BackgroundProcess(
                        [Scratch.program(named: "latchkey-agent"), "run", "--state", state],
                        log: log
                    )
                    defer { agent.stop() }
                    try TestRelay.wait(for: "a word of it") { try scratch.read(log).contains("\n") }
                    let words = "latchkey-agent: not connected to \(relay.endpoint): it does not know \(id) any more; "
                    #expect(try scratch.read(log).hasPrefix(words + "latchkey-agent register --force makes it another"))
                }
            }
        }

        @Test func `another attempt and a copy of the machine show another key`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let state = "\(scratch.path)/agent"
                    func key() throws -> String { try scratch.read("\(state)/attempt-key.pem") }
                    let all = try (0..<2).map { _ in try activation(relay) }
                    // Registered, though it cannot be written down: the answer is as good as lost.
                    try FileManager.default.createDirectory(
                        atPath: "\(state)/agent-key.pem/x",
                        withIntermediateDirectories: true
                    )
                    #expect(try register(relay, state, all[0]).status == 1)
                    let first = try key()
                    #expect(try register(relay, state, all[0]).status == 1)
                    #expect(try key() == first)
                    #expect(try counts(relay) == ["1", "0"])
                    #expect(try register(relay, state, all[1]).status == 1)
                    let second = try key()
                    #expect(second != first)
                    #expect(try counts(relay) == ["1", "1"])
                    let content = try scratch.read("\(state)/attempt.json")
                    let fingerprint = try #require(content.firstMatch(of: /"fingerprint" : "([^"]+)"/)).output.1
                    try Data(content.replacing(fingerprint, with: "another").utf8)
                        .write(to: URL(fileURLWithPath: "\(state)/attempt.json"))
                    #expect(try register(relay, state, all[1]).status == 1)
                    #expect(try key() != second)
                }
            }
        }
    }
}
