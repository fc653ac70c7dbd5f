// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Instances that are launched, stopped and ended by the client's own commands.
@Suite(.enabled(if: Engine.current == .docker, "containers are what this is about"), .serialized)
struct LaunchCommandTests {
    @Test func `an instance is launched and entered, stopped and started, and ended`() throws {
        try TestRelay.launching { scratch, _ in
            func run(_ words: String...) throws -> Execution {
                try Execution.run(
                    [Scratch.program] + words,
                    environment: scratch.environment,
                    timeout: 2 * Execution.timeout
                )
            }
            let image = "latchkey/instance:bookworm"
            func state(_ name: String) throws -> String {
                try run("instance", "show", name).text.split(separator: "\n").first { $0.hasPrefix("state") }
                    .map { String($0.split(separator: " ").last ?? "") } ?? ""
            }
            #expect(try run("key", "create", "web").status == 0)
            let script = try scratch.write("script", "#!/bin/sh\necho booted >/var/tmp/booted\n")
            let launched = try run(
                "instance",
                "launch",
                "web-1",
                "--key",
                "web",
                "--image",
                image,
                "--user-data",
                script,
                "--tag",
                "env=test"
            )
            #expect(launched.status == 0, "\(launched.error)")
            #expect(launched.error == "" && launched.line.hasPrefix("i-"))
            // At once, over SSH, with its key, and with nobody asked about the host key.
            let entered = try run("connect", "web-1", "--road", "ssh", "--", "cat /var/tmp/booted; hostname")
            #expect(entered.text == "booted\nweb-1\n", "\(entered.error)")
            #expect(try run("instance", "list", "-q", "tag:env=test").line == launched.line)

            let again = try run("instance", "launch", "web-1", "--image", image)
            #expect(again.status == 1)
            #expect(again.error.contains("an instance named 'web-1' exists already: \(launched.line), running"))
            #expect(try run("instance", "launch", "web-2", "--image", image, "--key", "none").error.contains("'none'"))
            let unknown = try run("instance", "launch", "web-2", "--image", "none")
            #expect(unknown.status == 1 && unknown.error.contains("no image is called 'none'"))
            #expect(unknown.error.contains("'\(image)'"))
            #expect(try run("instance", "list", "-q").line == launched.line)

            // The beginning of a name is not enough to stop it, and a removed one would leave its container behind.
            let short = try run("instance", "stop", "web")
            #expect(short.status == 64 && short.error.contains("'web' is only the beginning of 'web-1'"))
            #expect(try run("instance", "remove", "web-1").error.contains("which has a container for it"))
            #expect(try state("web-1") == "running")

            // A session that runs there hears of it. The agent comes after sshd, and a busy machine takes its time.
            try TestRelay.wait(for: "the agent") {
                let shown = try run("instance", "show", "web-1").text
                return shown.contains("connected to the relay") && !shown.contains("not connected")
            }
            let log = "\(scratch.path)/session.log"
            let session = try BackgroundProcess(
                [Scratch.program, "connect", "web-1", "--road", "relay", "--", "sleep", "1000"],
                environment: scratch.environment,
                log: log
            )
            defer { session.stop() }
            try TestRelay.wait(for: "a session") {
                try run("session", "list").text.contains("Connected")
            } otherwise: {
                try scratch.read(log)
            }
            #expect(try run("instance", "stop", "web-1").line == launched.line)
            try TestRelay.wait(for: "its end") { try scratch.read(log).contains("ended: the instance has stopped") }
            #expect(try run("session", "list", "-q").text == "")
            #expect(try state("web-1") == "stopped")
            let stopped = try run("connect", "web-1", "--", "true")
            #expect(stopped.status == 255 && stopped.error.contains("latchkey instance start 'web-1'"))
            #expect(try run("instance", "start", "web-1").line == launched.line)
            #expect(try run("connect", "web-1", "--road", "ssh", "--", "hostname").line == "web-1")
            #expect(try run("instance", "reboot", "web-1").line == launched.line)

            // All of them or none.
            let slip = try run("instance", "terminate", "web-1", "web-7")
            #expect(slip.status == 1 && slip.error.contains("'web-7'"))
            #expect(try state("web-1") == "running")
            #expect(try run("instance", "terminate", "web-1").line == launched.line)
            #expect(try state(launched.line) == "terminated")
            // What is gone is neither found nor suggested.
            #expect(try !run("connect", "web-1", "--", "true").error.contains("did you mean"))
            let left = try Execution.require([
                "docker", "ps", "-aq", "--filter", "label=latchkey.instance=\(launched.line)",
            ])
            #expect(left.text == "")
        }
    }

    /// From another home, which knows the server by a profile only.
    @Test func `a latchkeyd elsewhere launches as well, and without a key`() throws {
        try TestRelay.launching { server, relay in
            try Scratch.with { client in
                let environment = client.environment.merging(try relay.profile(in: client)) { $1 }
                func run(_ words: String...) throws -> Execution {
                    try Execution.run(
                        [Scratch.program] + words,
                        environment: environment,
                        timeout: 2 * Execution.timeout
                    )
                }
                let launched = try run("instance", "launch", "far-1", "--image", "latchkey/instance")
                #expect(launched.status == 0, "\(launched.error)")
                let entered = try run("connect", "far-1", "--", "id -un; hostname")
                #expect(entered.text == "admin\nfar-1\n", "\(entered.error)")
                // It gets a key of its own by the one that was made for a connection.
                let key = "\(client.path)/new"
                try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
                let installed = try run("key", "install", "--key", key, "far-1")
                #expect(installed.status == 0, "\(installed.text)\(installed.error)")
                let byKey = try run("connect", "far-1", "--road", "ssh", "-i", key, "--", "hostname")
                #expect(byKey.line == "far-1" && byKey.error == "", "\(byKey.error)")
                #expect(try run("instance", "stop", "far-1").status == 0)
                #expect(try run("instance", "show", "far-1").text.contains("stopped"))
                #expect(try run("instance", "terminate", launched.line).status == 0)
                #expect(try run("instance", "show", "far-1").text.contains("terminated"))
            }
        }
    }

    @Test func `an image without an agent attests for its host keys on the console`() throws {
        let image = "latchkey-test/agentless:\(getpid())"
        let dockerfile = """
            FROM latchkey/instance:bookworm
            ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin
            LABEL latchkey.user=admin
            """
        let built = try Execution.run(["docker", "build", "-q", "-t", image, "-"], input: Data(dockerfile.utf8))
        #expect(built.status == 0, "\(built.error)")
        defer { _ = try? Execution.run(["docker", "rmi", image]) }
        try TestRelay.launching { scratch, _ in
            #expect(try scratch.latchkey("key", "create", "web").status == 0)
            let launched = try scratch.latchkey("instance", "launch", "bare", "--key", "web", "--image", image)
            #expect(launched.status == 0 && launched.error == "", "\(launched.error)")
            #expect(try scratch.latchkey("instance", "show", "bare").text.contains(", console on "))
            let entered = try scratch.latchkey("connect", "bare", "--", "hostname")
            #expect(entered.line == "bare" && entered.error == "", "\(entered.error)")
        }
    }

    @Test func `without a latchkeyd, or with AWS, nothing is launched, and it is said who would`() throws {
        try Scratch.with { scratch in
            let none = try scratch.latchkey("instance", "launch", "web-1")
            #expect(none.status == 1 && none.error.contains("latchkeyd init && latchkeyd run --docker"))
            // A relay of one's own does not make the instances one's own.
            for more in [[:], ["AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:9"]] as [[String: String]] {
                for words in [
                    ["instance", "launch", "web-1"], ["instance", "terminate", "web-1"], ["key", "create", "x"],
                    ["key", "import", "x", "/dev/null"], ["key", "delete", "x"],
                ] {
                    let run = try Execution.run(
                        [Scratch.program] + words + ["--region", "eu-central-1"],
                        environment: scratch.environment
                            .merging([
                                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none",
                            ]) { $1 }
                            .merging(more) { $1 }
                    )
                    #expect(run.status == 64 && run.error.contains("changes nothing on AWS"), "\(run.error)")
                }
            }
            // One that has no engine.
            try TestRelay.with(scratch) { _ in
                let refused = try scratch.latchkey("instance", "launch", "web-1")
                #expect(refused.status == 1 && refused.error.contains("--docker"), "\(refused.error)")
            }
        }
    }
}
