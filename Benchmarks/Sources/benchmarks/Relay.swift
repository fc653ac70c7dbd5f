// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Sessions through the relay over TLS, beside ssh with a private sshd; and what very many of them cost.
struct Relay {
    private static let transferSize = 1 << 30
    private static let keys = 1000

    let workshop: Workshop
    let report: Report

    func run() throws {
        try RelayPlace.with(workshop, withAgent: true) { place in
            let folder = try workshop.makeFolder("relay-ssh")
            try workshop.run(Command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/key"]))
            let key = try String(contentsOfFile: "\(folder)/key.pub", encoding: .utf8)
            try PrivateSSHD.with(workshop, key, report) { server in
                try compare(place, ssh(server, "\(folder)/key"))
            }
            try measureOfficialClient(place)
        }
        try RelayLoad(workshop: workshop, report: report).run()
    }

    private func ssh(_ server: PrivateSSHD, _ key: String) throws -> (_ options: [String], _ words: [String]) -> Command
    {
        let line = try String(contentsOfFile: server.hostKeys, encoding: .utf8)
        let known = try workshop.write("[127.0.0.1]:\(server.port) \(line)", to: "relay-known-hosts")
        let options = [
            "-F", "/dev/null", "-p", "\(server.port)", "-l", server.user, "-i", key, "-o", "IdentitiesOnly=yes", "-o",
            "UserKnownHostsFile=\(known)", "-o", "StrictHostKeyChecking=yes",
        ]
        return { more, words in
            Command("ssh", options + more + ["127.0.0.1"] + words, environment: ["HOME": "/"])
        }
    }

    private func compare(
        _ place: RelayPlace,
        _ ssh: (_ options: [String], _ words: [String]) -> Command
    ) throws {
        report.section("through the relay over TLS, beside ssh; ratio of each pair, median (least–greatest)")
        // Nothing but a length, so that no disk has a part in it.
        let file = try workshop.write("", to: "large")
        guard truncate(file, Relay.transferSize) == 0 else {
            throw Command.Failure(description: "no file of \(Relay.transferSize) bytes can be made")
        }
        func pair(_ words: String, input: String = "/dev/null") throws -> Comparison {
            var (ours, theirs) = (place.connect(words), ssh([], [words]))
            (ours.input, theirs.input) = (input, input)
            (ours.keepsOutput, theirs.keepsOutput) = (false, false)
            return try Comparison(rounds: 5, ours, theirs, in: workshop.folder)
        }
        report.compare("download, 1 GiB, connect -- cat : ssh cat", try pair("cat \(file)"), aim: 1)
        report.compare("upload, 1 GiB, connect -- cat : ssh cat", try pair("cat >/dev/null", input: file), aim: 1)

        let rounds = try (0..<5).map { _ in (try times(place.connect("cat")), try times(ssh([], ["cat"]))) }
        for (words, rank, aim) in [("half of them", 0.5, 0.5), ("99 of 100", 0.99, 2.0)] {
            let ours = rounds.map { Relay.rank(rank, of: $0.0) }
            let theirs = rounds.map { Relay.rank(rank, of: $0.1) }
            report.measure("a key and its echo, \(words) within", ours, aim: aim)
            report.measure("  ssh", theirs, aim: nil)
        }
        let connect = workshop.program(
            "latchkey",
            ["connect", RelayPlace.instance, "--road", "relay", "-t"],
            state: RelayPlace.state
        )
        report.measure("connect until the shell's prompt", try first(connect), aim: 300)
        report.measure("  ssh -tt", try first(ssh(["-tt"], [])), aim: nil)
    }

    /// Each key is typed after the echo of the one before, and a moment.
    private func times(_ command: Command) throws -> [Double] {
        let conversation = try command.converse()
        _ = try conversation.echo()
        return try (0..<Relay.keys)
            .map { _ in
                try Interruption.check()
                usleep(1000)
                return try conversation.echo()
            }
    }

    private static func rank(_ rank: Double, of values: [Double]) -> Double {
        values.sorted()[min(values.count - 1, Int(Double(values.count) * rank))]
    }

    /// Milliseconds until a program says something.
    private func first(_ command: Command) throws -> [Double] {
        try (0..<10)
            .map { _ in
                try Interruption.check()
                let start = Command.now()
                try command.converse().hear()
                return Command.now() - start
            }
    }

    // MARK: The official client

    private func measureOfficialClient(_ place: RelayPlace) throws {
        for program in ["aws", "session-manager-plugin"] {
            guard (try? workshop.run(Command(program, ["--version"]))) != nil else {
                try Interruption.check()
                return report.note("no \(program) is on the PATH, so the official client is not measured")
            }
        }
        let keys =
            try workshop.run(
                workshop.program("latchkeyd", ["access-key", "create", "benchmark"], state: RelayPlace.state)
            )
            .output
        let instances = try String(contentsOfFile: "\(place.agentFolder)/registration.json", encoding: .utf8)
        guard let id = instances.firstMatch(of: /"instanceID":"([^"]+)"/)?.1 else { return }
        // The plugin ends at once where its input does.
        let silence = "\(workshop.folder)/silence"
        guard mkfifo(silence, 0o600) == 0 else { throw Command.Failure(description: "no pipe can be made") }
        let holder = open(silence, O_RDWR | O_CLOEXEC)
        defer { close(holder) }
        func session(_ line: String) throws -> Command {
            var command = Command(
                "aws",
                [
                    "--endpoint-url", "https://127.0.0.1:\(place.port)", "--region", "local", "ssm", "start-session",
                    "--target", String(id), "--document-name", "AWS-StartNonInteractiveCommand", "--parameters",
                    "command=\(line)",
                ],
                environment: [
                    "HOME": "\(workshop.folder)/home", "AWS_CA_BUNDLE": place.authorities,
                    "SSL_CERT_FILE": place.authorities,
                    "AWS_ACCESS_KEY_ID": try RelayPlace.value("aws_access_key_id", in: keys),
                    "AWS_SECRET_ACCESS_KEY": try RelayPlace.value("aws_secret_access_key", in: keys),
                ]
            )
            command.keepsOutput = false
            command.input = silence
            return command
        }
        let small = try workshop.times(3, session("true"))
        let large = try workshop.times(3, session("cat \(workshop.folder)/large"))
        let rates = zip(small, large).map { Double(Relay.transferSize >> 20) * 1000 / ($1 - $0) }
        report.measure("download with the official client", rates, unit: " MB/s", atLeast: 100)
    }
}
