// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The client's commands with a profile.
struct RemoteCommandTests {
    private func with(_ body: (Scratch, FakeAWS, [String: String?]) throws -> Void) throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let config = """
                    [profile prod]
                    region = eu-central-1
                    endpoint_url = \(server.url)
                    aws_access_key_id = AKIA
                    aws_secret_access_key = s

                    """
                try body(
                    scratch,
                    server,
                    RemoteFixture.environment([
                        "AWS_CONFIG_FILE": try scratch.write("aws-config", config),
                        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                    ])
                )
            }
        }
    }

    @Test func `the profile may stand anywhere, or in the environment`() throws {
        try with { (scratch, _, environment) throws in
            let named = environment.merging(["LATCHKEY_PROFILE": "prod"]) { $1 }
            let runs = [
                try scratch.latchkey("--profile", "prod", "instance", "show", "web-1", environment: environment),
                try scratch.latchkey("instance", "--profile", "prod", "show", "web-1", environment: environment),
                try scratch.latchkey("instance", "show", "web-1", "--profile=prod", environment: environment),
                try scratch.latchkey("instance", "show", "web-1", environment: named),
            ]
            for run in runs {
                #expect(run.status == 0, "\(run.error)")
                #expect(run.text.contains("i-00000000000000001"))
                #expect(run.text.contains("198.51.100.1, 10.0.0.1"))
            }
            let local = try scratch.latchkey("instance", "list", "-q", "--local", environment: named)
            #expect(local.status == 0 && local.text.isEmpty)
            let embedded = try scratch.latchkey("instance", "list", "-q", environment: environment)
            #expect(embedded.status == 0 && embedded.text.isEmpty)
        }
    }

    @Test func `a profile that is gone is no matter for what asks for none`() throws {
        try Scratch.with { scratch in
            let key = "\(scratch.path)/k"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            let gone = [
                "AWS_PROFILE": "gone", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            ]
            _ = try scratch.latchkey("key", "list")
            let shown = try Execution.run(
                ["sh", "-c", "cd '\(scratch.path)' && exec '\(Scratch.program)' key fingerprint k.pub"],
                environment: scratch.environment.merging(gone) { $1 }
            )
            #expect(shown.status == 0 && shown.text.contains("SHA256:"), "\(shown.error)")
            let matched = try scratch.latchkey("key", "match", "\(key).pub", environment: gone)
            #expect(matched.error.contains("key pairs are not looked at: no profile 'gone'"), "\(matched.error)")
            let list = try scratch.latchkey("instance", "list", environment: gone)
            #expect(list.status == 1 && list.error.contains("no profile 'gone'"), "\(list.error)")
        }
    }

    @Test func `instances, key pairs and sessions are listed and explained`() throws {
        try with { (scratch, _, environment) throws in
            func run(_ words: String...) throws -> Execution {
                try Execution.run(
                    [Scratch.program, "--profile", "prod"] + words,
                    environment: scratch.environment.merging(environment) { $1 }
                )
            }
            let instances = try run("instance", "list")
            #expect(instances.text.contains("ubuntu") && instances.text.contains("tagged"))
            #expect(try run("key", "list", "-q").line == "web")
            #expect(try run("key", "show", "web").text.contains("7 instances"))
            #expect(try run("session", "list", "-q").status == 0)
            let explanation = try run("explain", "web-1", "--offline")
            #expect(explanation.text.contains("user      ubuntu, noted for the instance"), "\(explanation.text)")
            #expect(explanation.text.contains("bring the private half of 'web'"))
            #expect(try run("instance", "show", "wbe-1").error.contains("did you mean 'web-1'?"))
        }
    }

    @Test(arguments: [
        ["instance", "add", "x", "-a", "h"], ["instance", "remove", "x"], ["instance", "tag", "x", "a=b"],
    ]) func `what cannot be done there is said in a line`(words: [String]) throws {
        try with { (scratch, server, environment) throws in
            let run = try Execution.run(
                [Scratch.program, "--profile", "prod"] + words,
                environment: scratch.environment.merging(environment) { $1 }
            )
            let name = words.prefix(2).joined(separator: " ")
            #expect(run.status == 64)
            #expect(
                run.error.hasPrefix(
                    "latchkey: error: latchkey \(name) works on this machine's own instances and key pairs only"
                )
            )
            #expect(run.error.split(separator: "\n").count == 2)
            #expect(try server.requests().isEmpty)
        }
    }

    @Test func `a host key is the one on the console, or none`() throws {
        try with { (scratch, _, environment) throws in
            let (forget, line) = (
                "--forget", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg"
            )
            let all = environment.merging(["AWS_PROFILE": "prod"]) { $1 }
            let trusted = try scratch.latchkey("instance", "trust", "web-2", "--host-key", line, environment: all)
            #expect(trusted.status == 0, "\(trusted.error)")
            #expect(
                try scratch.latchkey("instance", "show", "web-2", environment: all).text.contains("ed25519 SHA256:")
            )
            #expect(try scratch.latchkey("instance", "trust", "web-2", forget, environment: all).status == 0)
            #expect(
                try scratch.latchkey("instance", "show", "web-2", environment: all).text.contains("none pinned yet")
            )
        }
    }

    @Test func `an instance is entered with what EC2 and its console say`() throws {
        try with { (scratch, server, environment) throws in
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/mine"])
            let key = try scratch.read("\(scratch.sshFolder)/mine.pub")
            try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                let words = key.split(separator: " ").prefix(2).joined(separator: " ")
                let (port, user) = (instance.port, instance.user)
                try server.add("real", port: port, user: user, key: words, hostKeys: instance.hostKeys)
                let all = environment.merging(["LATCHKEY_PROFILE": "prod"]) { $1 }
                for _ in 0..<2 {
                    let run = try scratch.latchkey("connect", "real", "--", "echo", "in", environment: all)
                    #expect(run.line == "in", "\(run.error)")
                }
                #expect(try server.requests().filter { $0.what == "GetConsoleOutput" }.count == 1)
                let shown = try scratch.latchkey("explain", "real", environment: all)
                #expect(shown.text.contains("read on its console"), "\(shown.text)")
                try instance.changeHostKey()
                let refused = try scratch.latchkey(
                    "connect",
                    "real",
                    "--accept-new-host-key",
                    "--",
                    "id",
                    environment: all
                )
                #expect(refused.status == 255)
                #expect(refused.error.contains("is not the one that is pinned"), "\(refused.error)")
            }
        }
    }

    @Test func `a key that is not the console's is refused at the first sight of it`() throws {
        try with { (scratch, server, environment) throws in
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/mine"])
            let key = try scratch.read("\(scratch.sshFolder)/mine.pub")
            try TestInstance.with(authorizing: [key]) { instance in
                let words = key.split(separator: " ").prefix(2).joined(separator: " ")
                try server.add("real", port: instance.port, user: instance.user, key: words, hostKeys: [words])
                let run = try scratch.latchkey(
                    "--profile",
                    "prod",
                    "connect",
                    "real",
                    "--accept-new-host-key",
                    "--",
                    "id",
                    environment: environment
                )
                #expect(run.status == 255)
                #expect(run.error.contains("is not the one that is pinned"), "\(run.error)")
            }
        }
    }

    /// EC2 Instance Connect, of which nobody can tell beforehand whether an instance has it.
    @Test func `where no key fits, one is pushed by the service that is there for it`() throws {
        try with { (scratch, server, environment) throws in
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/mine"])
            let other = try scratch.read("\(scratch.sshFolder)/mine.pub")
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/away"])
            try TestInstance.with(authorizing: [try scratch.read("\(scratch.path)/away.pub")]) { instance in
                let words = try scratch.read("\(scratch.path)/away.pub").split(separator: " ").prefix(2)
                    .joined(separator: " ")
                try server.add(
                    "real",
                    port: instance.port,
                    user: instance.user,
                    key: words,
                    hostKeys: instance.hostKeys
                )
                let all = environment.merging(["LATCHKEY_PROFILE": "prod"]) { $1 }
                func connect(_ more: String...) throws -> Execution {
                    try Execution.run(
                        ["setsid", "--wait", Scratch.program, "connect", "real"] + more + ["--", "echo", "in"],
                        environment: scratch.environment.merging(all) { $1 }
                    )
                }
                // It is not connected, and this is not AWS.
                let without = try connect("--road", "ssh")
                #expect(without.error.contains("the private half of the key pair 'its'"), "\(without.error)")
                let isPushed = try server.requests().contains { $0.what == "SendSSHPublicKey" }
                #expect(!isPushed)

                // The service fails: then it is as if it were not there, and it is not asked again and again.
                try server.takePushedKeys(at: "503")
                let failed = try connect("--road", "ssh")
                #expect(failed.status == 255 && failed.error == without.error, "\(failed.error)")
                #expect(try server.requests().count { $0.what == "SendSSHPublicKey" } == 1)

                // Pushed, but the instance knows nothing of it: the same.
                let pushed = "\(scratch.path)/pushed"
                try server.takePushedKeys(at: pushed)
                try scratch.write("pushed.in", "")
                let vain = try connect("--road", "ssh")
                #expect(vain.status == 255 && vain.error.hasSuffix(without.error), "\(vain.error)")
                let asked = try server.requests().filter { $0.what == "SendSSHPublicKey" }
                #expect(asked.map { $0.fields["InstanceOSUser"] } == [instance.user])
                #expect(asked.map { $0.fields["scope"] } == ["eu-central-1/ec2-instance-connect"])
                #expect(try scratch.read(pushed) != other)

                // An instance that lets it in.
                try FileManager.default.removeItem(atPath: "\(pushed).in")
                try FileManager.default.removeItem(atPath: pushed)
                Thread.detachNewThread {
                    while !FileManager.default.fileExists(atPath: pushed) {
                        if !FileManager.default.fileExists(atPath: scratch.path) { return }
                        usleep(20_000)
                    }
                    guard let key = try? scratch.read(pushed) else { return }
                    _ = try? instance.shell("echo '\(key)' >>~/.ssh/authorized_keys")
                    _ = try? scratch.write("pushed.in", "")
                }
                let entered = try connect()
                #expect(entered.line == "in", "\(entered.error)")
                #expect(entered.error.contains("pushing a key made for this connection"))
            }
        }
    }

    @Test func `a relay that does not know Latchkey's documents is asked with Amazon's`() throws {
        try with { (scratch, server, environment) throws in
            // Without a key there is no SSH to try.
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/mine"])
            let all = environment.merging(["LATCHKEY_PROFILE": "prod"]) { $1 }
            let road = ["setsid", "--wait", Scratch.program, "connect", "--road"]
            let runs = [
                road + ["relay", "web-1", "--", "uptime", "-p"], road + ["relay", "web-1"],
                road + ["ssh-over-relay", "-p", "2222", "web-1"],
            ]
            for words in runs {
                let run = try Execution.run(words, environment: scratch.environment.merging(all) { $1 })
                #expect(run.status == 255)
            }
            let asked = try server.requests().filter { $0.what == "StartSession" }
            #expect(
                asked.map { $0.fields["DocumentName"] } == [
                    "Latchkey-Connect", "AWS-StartNonInteractiveCommand", "Latchkey-Connect", nil, "Latchkey-SSH",
                    "AWS-StartSSHSession",
                ]
            )
            #expect(asked.allSatisfy { $0.fields["scope"] == "eu-central-1/ssm" })
            guard asked.count == 6 else { return }
            #expect(asked[1].fields["Parameters"]?.contains("uptime -p") == true)
            #expect(asked[5].fields["Parameters"]?.contains("2222") == true)
        }
    }

    @Test func `no secret is printed, however much is told`() throws {
        try with { (scratch, server, environment) throws in
            let config = """
                [profile x]
                region = eu-central-1
                endpoint_url = \(server.url)
                credential_process = printf '{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"TOPSECRET","SessionToken":7}'

                """
            let all = environment.merging(["AWS_CONFIG_FILE": try scratch.write("other", config)]) { $1 }
            let run = try scratch.latchkey("--profile", "x", "explain", "-v", "web-1", environment: all)
            #expect(run.status == 1)
            #expect(run.error.contains("credential_process of the profile 'x'"))
            #expect(!run.error.contains("TOPSECRET"))
        }
    }
}
