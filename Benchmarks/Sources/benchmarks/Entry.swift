// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Entering an instance, beside ssh with the same key, host key, user and server.
struct Entry {
    private static let state = "entry"

    let workshop: Workshop
    let report: Report

    func run() throws {
        report.section("beside ssh, whole processes; ratio of each pair, median (least–greatest)")
        let ours = workshop.latchkey("--version", state: Entry.state)
        let versions = try Comparison(rounds: 100, ours, Command("ssh", ["-V"]), in: workshop.folder)
        report.compare("latchkey --version : ssh -V", versions, aim: 1.25)

        _ = try workshop.makeFolder(Entry.state)
        try workshop.run(workshop.latchkey("key", "create", "pair", state: Entry.state))
        let key = try workshop.run(workshop.latchkey("key", "show", "pair", "--public-key", state: Entry.state)).output
        try PrivateSSHD.with(workshop, key, report) { server in
            try compare("private sshd", port: server.port, user: server.user, hostKeys: server.hostKeys)
        }
        try inContainer(key)
    }

    // MARK: A container

    private func inContainer(_ publicKey: String) throws {
        let image = "latchkey/instance:bookworm"
        guard (try? workshop.run(Command("docker", ["image", "inspect", image]))) != nil else {
            try Interruption.check()
            return report.note("no docker engine or no image \(image), so no container is entered")
        }
        let name = "latchkey-benchmark-\(getpid())"
        defer {
            let removal = try? Command("docker", ["rm", "--force", "--volumes", name])
                .start(output: "/dev/null", errors: "/dev/null")
            if let removal { Command.wait(for: removal) }
        }
        let variables = ["LATCHKEY_PUBLIC_KEY=\(publicKey)", "LATCHKEY_LIFETIME_SECONDS=900"]
        try workshop.run(
            Command(
                "docker",
                ["run", "--detach", "--init", "--rm", "--name", name, "--publish", "127.0.0.1::22"]
                    + variables.flatMap { ["--env", $0] } + [image]
            )
        )
        let published = try workshop.run(Command("docker", ["port", name, "22"])).output
        let digits = published.split(whereSeparator: \.isNewline).first?.split(separator: ":").last
        guard let port = digits.flatMap({ Int($0) }) else {
            throw Command.Failure(description: "no port: \(published)")
        }
        try Loopback.awaitBanner(port: port)
        let hostKeys = try workshop.write(try workshop.run(Command("docker", ["logs", name])).output, to: "console")
        try compare("container", port: port, user: "admin", hostKeys: hostKeys)
    }

    // MARK: Both programs

    private func compare(_ place: String, port: Int, user: String, hostKeys: String) throws {
        let name = "instance-\(port)"
        try workshop.run(
            workshop.latchkey(
                "instance",
                "add",
                name,
                "--address",
                "127.0.0.1:\(port)",
                "--user",
                user,
                "--key",
                "pair",
                "--host-keys-from",
                hostKeys,
                state: Entry.state
            )
        )
        let lines = try String(contentsOfFile: hostKeys, encoding: .utf8).split(whereSeparator: \.isNewline)
            .filter { $0.hasPrefix("ssh-") || $0.hasPrefix("ecdsa-") }
        let known = lines.map { "[127.0.0.1]:\(port) \($0)\n" }.joined()
        let configuration = try workshop.write(
            """
            Host \(name)
                HostName 127.0.0.1
                Port \(port)
                User \(user)
                IdentityFile \(workshop.folder)/\(Entry.state)/keys/pair.pem
                IdentitiesOnly yes
                UserKnownHostsFile \(try workshop.write(known, to: "known_hosts-\(port)"))
                GlobalKnownHostsFile /dev/null
                StrictHostKeyChecking yes

            """,
            to: "ssh_config-\(port)"
        )
        // By default ssh exchanges keys in a way that also withstands quantum computers, for which libssh 0.10 has no
        // match, and which takes long; so it is also asked to do what Latchkey does.
        for (exchange, words) in [([], "as it is"), (["-o", "KexAlgorithms=curve25519-sha256"], "same key exchange")] {
            let comparison = try Comparison(
                rounds: 40,
                workshop.latchkey("connect", name, "--", "true", state: Entry.state),
                Command("ssh", ["-F", configuration] + exchange + [name, "true"], environment: ["HOME": "/"]),
                in: workshop.folder
            )
            report.compare("latchkey connect -- true : ssh true, \(place), \(words)", comparison, aim: 0.75)
        }
    }
}
