// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// A client on another machine than the latchkeyd that it asks: its home has nothing but a profile.
struct LatchkeydTests {
    @Test func `doctor looks at a profile's control plane, and what is wrong there is named`() throws {
        try Scratch.with { server in
            try TestRelay.with(server) { relay in
                try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(server.path)/key"])
                #expect(try server.latchkey("key", "import", "web", "\(server.path)/key.pub").status == 0)
                try Scratch.with { client in
                    func doctor(_ environment: [String: String?]) throws -> Execution {
                        try client.latchkey("doctor", environment: environment)
                    }
                    let environment = try relay.profile(in: client)
                    let config = try #require(environment["AWS_CONFIG_FILE"] ?? nil)
                    let right = try client.read(config)
                    func change(_ name: String, to value: String) throws {
                        let lines = right.split(separator: "\n", omittingEmptySubsequences: false)
                            .map { $0.hasPrefix("\(name) =") ? "\(name) = \(value)" : String($0) }
                        try client.write(config, lines.joined(separator: "\n"))
                    }
                    let fine = try doctor(environment)
                    for words in [
                        "+ settings   the profile 'own', named by LATCHKEY_PROFILE, asks EC2 at \(relay.endpoint), in ",
                        "+ account    there are credentials (config-file)\n",
                        "+ keyPair    EC2 answers, and has 1 key pair\n",
                        "? keyPair    not on this machine are the private halves of 'web'\n",
                        "+ instance   EC2 shows its instances\n", "+ relay      the relay answers, and knows you\n",
                    ] { #expect(fine.text.contains(words), "\(fine.text)\(fine.error)") }
                    #expect(fine.status == 0 && !fine.text.contains("store"))
                    let own = try client.latchkey("doctor", "--local", environment: environment)
                    #expect(own.text.contains("0 key pairs and 0 instances are registered"), "\(own.text)")

                    try change("aws_secret_access_key", to: "wrong")
                    let unknown = try doctor(environment)
                    #expect(unknown.status == 1)
                    #expect(
                        unknown.text.contains("- keyPair    the credentials of the profile 'own' were not accepted"),
                        "\(unknown.text)"
                    )
                    try change("ca_bundle", to: "/etc/ssl/certs/ca-certificates.crt")
                    let untrusted = try doctor(environment)
                    let hint =
                        "the CA in '/etc/ssl/certs/ca-certificates.crt' did not sign this server's certificate; "
                        + "ca_bundle in profile 'own' names that file"
                    #expect(untrusted.status == 1 && untrusted.text.contains(hint), "\(untrusted.text)")
                    let other = environment.merging(["AWS_CA_BUNDLE": relay.authority]) { $1 }
                    #expect(try doctor(other).status == 0)
                    try change("endpoint_url", to: "https://127.0.0.1:\(try TestRelay.freePort())")
                    let silent = try doctor(environment)
                    #expect(silent.status == 1)
                    #expect(silent.text.contains("check endpoint_url in profile 'own'\n"), "\(silent.text)")
                    try change("aws_access_key_id", to: "")
                    #expect(try doctor(environment).text.contains("- account "))
                    let gone = environment.merging(["LATCHKEY_PROFILE": "gone"]) { $1 }
                    #expect(try doctor(gone).text.contains("- settings   no profile 'gone' in "))
                }
            }
        }
    }

    @Test func `a latchkeyd is asked as AWS is`() throws {
        try Scratch.with { server in
            try TestRelay.with(server) { relay in
                try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(server.path)/key"])
                let added = [
                    try server.latchkey("key", "import", "web", "\(server.path)/key.pub"),
                    try server.latchkey(
                        "instance",
                        "add",
                        "web-1",
                        "--address",
                        "192.0.2.1",
                        "--key",
                        "web",
                        "--tag",
                        "latchkey:user=admin"
                    ),
                    try server.latchkey(
                        "instance",
                        "add",
                        "web-2",
                        "--address",
                        "192.0.2.2",
                        "--tag",
                        "env=prod",
                        "--user",
                        "deploy"
                    ),
                ]
                for run in added { #expect(run.status == 0, "\(run.error)") }
                try Scratch.with { client in
                    let environment = client.environment.merging(try relay.profile(in: client)) { $1 }
                    func run(_ words: String...) throws -> Execution {
                        try Execution.run(
                            [Scratch.program] + words,
                            environment: environment
                        )
                    }
                    let list = try run("instance", "list")
                    #expect(list.status == 0, "\(list.error)")
                    for part in ["web-1", "192.0.2.1", "admin", "env=prod", "deploy"] {
                        #expect(list.text.contains(part), "\(list.text)")
                    }
                    #expect(try run("instance", "list", "-q", "tag:env=prod").line == added[2].line)
                    #expect(try run("instance", "show", "192.0.2.2").text.contains(added[2].line))
                    #expect(try run("instance", "show", String(added[2].line.prefix(8))).text.contains("web-2"))
                    #expect(try run("instance", "show", "web").error.contains("matches several instances"))
                    #expect(try run("key", "list", "-q").line == "web")
                    #expect(
                        try run("key", "show", "web", "--public-key").line
                            .hasPrefix(
                                try server.read("\(server.path)/key.pub").split(separator: " ").prefix(2)
                                    .joined(separator: " ")
                            )
                    )
                    #expect(try run("session", "list", "-q").status == 0)
                    // Only the public half of a key goes there.
                    let made = try run("key", "create", "mine", "--tag", "team=a")
                    #expect(made.status == 0 && made.line == "\(client.latchkeyHome)/keys/mine.pem", "\(made.error)")
                    #expect(try run("key", "list", "-q").text == "mine\nweb\n")
                    #expect(!FileManager.default.fileExists(atPath: "\(server.latchkeyHome)/keys/mine.pem"))
                    let public_ = try Execution.require(["ssh-keygen", "-yf", made.line]).line
                    let known = try server.latchkey("key", "show", "mine", "--public-key").line
                    #expect(known.keyWords == public_.keyWords)
                    let twice = try run("key", "create", "mine")
                    #expect(twice.status == 1 && twice.error.contains("a key pair named 'mine' exists already"))
                    let again = try run("key", "import", "web", "\(server.path)/key.pub")
                    #expect(again.status == 1 && again.error.contains("a key pair named 'web' exists already"))
                    #expect(try run("key", "import", "other", "\(server.path)/key.pub").line.hasPrefix("key-"))
                    #expect(try run("key", "delete", "other").status == 0)
                    #expect(try run("key", "delete", "mine", "--with-private-key").status == 0)
                    #expect(try run("key", "list", "-q").line == "web")
                    #expect(!FileManager.default.fileExists(atPath: made.line))
                    #expect(try run("key", "delete", "mine").error.contains("no key pair named 'mine'"))
                    // What was pinned at the server by who can know is known here; the first key seen is not.
                    let hostKey = try server.read("\(server.path)/key.pub")
                    #expect(try server.latchkey("instance", "trust", "web-1", "--host-key", hostKey).status == 0)
                    #expect(try consoles(relay, added.dropFirst().map(\.line)) == [hostKey.keyWords, ""])
                    try server.execute("UPDATE hostKey SET source = 'firstUse'")
                    #expect(try consoles(relay, added.dropFirst().map(\.line)) == ["", ""])
                    try TestAgent.with(relay, "far") { agent in
                        let shell = try run("connect", "far", "--road", "relay", "--", "echo", "through")
                        #expect(shell.line == "through", "\(shell.error)")
                        #expect(try run("explain", "far").text.contains("+ relay: its agent is connected"))
                        #expect(try run("instance", "show", agent.instanceID).text.contains("far"))
                        #expect(try run("session", "list", "--history", "-q").text.contains("-"))
                    }
                    _ = try relay.profile(in: client, secret: "wrong")
                    let refused = try run("key", "show", "other")
                    #expect(
                        refused.error.contains("the credentials of the profile 'own' were not accepted"),
                        "\(refused.error)"
                    )
                }
            }
        }
    }

    /// What the consoles of instances show between the marks of host keys, type and base64.
    private func consoles(_ relay: TestRelay, _ ids: [String]) throws -> [String] {
        try relay.python(
            """
            ec2 = client(service='ec2')
            for id in sys.argv[2:]:
                console = ec2.get_console_output(InstanceId=id).get('Output', '')
                lines = console.split('\\n')
                if console: assert lines[1:4:2] == ['-----BEGIN SSH HOST KEY KEYS-----', '-----END SSH HOST KEY KEYS-----']
                print('>' + (lines[2] if console else ''))
            """,
            ids
        )
        .split(separator: "\n").map { String($0.dropFirst()) }
    }
}

extension String {
    /// A public key's line without its comment.
    fileprivate var keyWords: String { split(separator: " ").prefix(2).joined(separator: " ") }
}
