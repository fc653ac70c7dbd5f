// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Which key is used, and that no other is ever offered.
struct KeyChoiceTests {
    /// What sshd logs of keys, at LogLevel VERBOSE.
    private func refusals(_ log: String) -> Int {
        log.split(separator: "\n").count { $0.contains("Failed publickey") || $0.contains("Too many authentication") }
    }

    private func publicHalf(_ path: String) throws -> String {
        try Execution.require(["ssh-keygen", "-y", "-P", "", "-f", path]).line
    }

    private static let makers: [(name: String, script: String)] = [
        ("ssh-keygen ed25519", "ssh-keygen -q -t ed25519 -N '' -f $0"),
        ("ssh-keygen rsa", "ssh-keygen -q -t rsa -b 2048 -N '' -f $0"),
        ("ssh-keygen rsa PEM", "ssh-keygen -q -m PEM -t rsa -b 2048 -N '' -f $0"),
        ("ssh-keygen ecdsa 256", "ssh-keygen -q -t ecdsa -b 256 -N '' -f $0"),
        ("ssh-keygen ecdsa 521 PEM", "ssh-keygen -q -m PEM -t ecdsa -b 521 -N '' -f $0"),
        ("openssl rsa PKCS#8", "openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out $0"),
        ("openssl rsa PKCS#1", "openssl genrsa -traditional -out $0 2048"),
        ("openssl ec PKCS#8", "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-384 -out $0"),
        ("openssl ec SEC1", "openssl ecparam -name prime256v1 -genkey -noout -out $0"),
        ("openssl ed25519", "openssl genpkey -algorithm ed25519 -out $0"),
    ]

    @Test(arguments: makers.map(\.name)) func `a key of any maker in ~/.ssh is found and used`(maker: String) throws {
        let script = try #require(Self.makers.first { $0.name == maker }).script
        try Scratch.with { scratch in
            let path = "\(scratch.sshFolder)/some-key"
            try Execution.require(["bash", "-c", "exec 2>/dev/null; \(script) && chmod 600 $0 && rm -f $0.pub", path])
            let imported = try scratch.latchkey("key", "import", "mine", path)
            #expect(imported.status == 0, "\(imported.error)")
            let key = try scratch.latchkey("key", "show", "mine", "--public-key").line
            try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                try instance.add("web-1", to: scratch, key: "mine")
                let run = try scratch.latchkey("connect", "web-1", "-v", "--", "echo in")
                #expect(run.text == "in\n")
                #expect(run.error.contains("with '\(path)'"))
                #expect(refusals(try instance.log()) == 0)
            }
        }
    }

    @Test(arguments: ["ed25519", "rsa"]) func `a key of Latchkey's own is found and used`(type: String) throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "mine", "--type", type).line
            let key = try publicHalf(path)
            try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                try instance.add("web-1", to: scratch, key: "mine")
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
                #expect(refusals(try instance.log()) == 0)
            }
        }
    }

    @Test func `among 1,000 keys and an agent full of others the right one is offered first`() throws {
        try Scratch.with { scratch in
            let script = """
                for n in $(seq 1000); do ssh-keygen -q -t ed25519 -N '' -C '' -f $0/key-$n; done
                cd $0; cat key-500.pub; rm *.pub
                """
            let key = try Execution.require(["bash", "-c", script, scratch.sshFolder], timeout: 2 * Execution.timeout)
                .line
            try scratch.write("500.pub", key)
            _ = try scratch.latchkey("key", "import", "mine", "\(scratch.path)/500.pub")
            try SSHAgent.with(scratch) { agent in
                for number in 1...10 { try agent.add("\(scratch.sshFolder)/key-\(number)") }
                try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                    try instance.add("web-1", to: scratch, key: "mine")
                    for _ in 1...2 {
                        let run = try scratch.latchkey(
                            "connect",
                            "web-1",
                            "--",
                            "echo in",
                            environment: ["SSH_AUTH_SOCK": agent.socket]
                        )
                        #expect(run.text == "in\n", "\(run.error)")
                    }
                    #expect(refusals(try instance.log()) == 0)
                }
            }
        }
    }

    @Test func `the agent's one key is used where the file is gone`() throws {
        try Scratch.with { scratch in
            try SSHAgent.with(scratch) { agent in
                for number in 1...8 {
                    try Execution.require([
                        "ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "\(scratch.path)/k\(number)",
                    ])
                    try agent.add("\(scratch.path)/k\(number)")
                }
                let key = try scratch.read("\(scratch.path)/k8.pub")
                _ = try scratch.latchkey("key", "import", "mine", "\(scratch.path)/k8.pub")
                try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                    try instance.add("web-1", to: scratch, key: "mine")
                    let run = try scratch.latchkey(
                        "connect",
                        "web-1",
                        "-v",
                        "--",
                        "echo in",
                        environment: ["SSH_AUTH_SOCK": agent.socket]
                    )
                    #expect(run.text == "in\n", "\(run.error)")
                    #expect(run.error.contains("with the ssh-agent's key"))
                    #expect(refusals(try instance.log()) == 0)
                }
            }
        }
    }

    @Test func `without a key pair the instance is asked once, and the answer is remembered`() throws {
        try Scratch.with { scratch in
            for name in ["id_rsa", "other"] {
                try Execution.require([
                    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/\(name)",
                ])
            }
            let key = try scratch.read("\(scratch.sshFolder)/other.pub")
            try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                try instance.add("web-1", to: scratch)
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
                let first = refusals(try instance.log())
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
                #expect(refusals(try instance.log()) == first)
                let explained = try scratch.latchkey("explain", "web-1")
                #expect(explained.text.contains("this instance let it in before"))
            }
        }
    }

    @Test func `a stale key pair does not hide the key that fits`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "stale")
            try Execution.require([
                "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/id_ed25519",
            ])
            let key = try scratch.read("\(scratch.sshFolder)/id_ed25519.pub")
            try TestInstance.with(authorizing: [key], options: ["MaxAuthTries=1"]) { instance in
                try instance.add("web-1", to: scratch, key: "stale")
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
            }
        }
    }

    @Test func `no key fits is told with what would`() throws {
        try Scratch.with { scratch in
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/elsewhere"])
            let key = try scratch.read("\(scratch.path)/elsewhere.pub")
            _ = try scratch.latchkey("key", "import", "away", "\(scratch.path)/elsewhere.pub")
            try TestInstance.with(authorizing: [key]) { instance in
                try instance.add("web-1", to: scratch, key: "away")
                let run = try scratch.latchkey("connect", "web-1", "--", "id")
                #expect(run.status == 255)
                #expect(run.error.contains("the private half of the key pair 'away' of 'web-1' is not on this machine"))
                #expect(run.error.contains("latchkey: hint: it is ed25519 SHA256:"))
                let named = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--key",
                    "\(scratch.path)/elsewhere",
                    "--",
                    "echo in"
                )
                #expect(named.text == "in\n")
            }
        }
    }
}
