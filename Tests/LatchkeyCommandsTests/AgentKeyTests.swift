// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Keys that only an ssh-agent can use: certificates, and security keys that sign by touch.
struct AgentKeyTests {
    @Test(arguments: ["ed25519", "rsa", "ecdsa"])
    func `a certificate of the agent's opens where its key alone does not`(
        type: String
    ) throws {
        try Scratch.with { scratch in
            let script = """
                cd $0; ssh-keygen -q -t ed25519 -N '' -f ca
                ssh-keygen -q -t \(type) -N '' -f key; ssh-keygen -q -s ca -I id -n "$1" key.pub
                """
            let user = Engine.current == .docker ? "admin" : NSUserName()
            try Execution.require(["bash", "-c", script, scratch.path, user])
            let authority = try scratch.read("\(scratch.path)/ca.pub")
            try SSHAgent.with(scratch) { agent in
                try agent.add("\(scratch.path)/key")
                // Only the authority is known there; with one try a connection, the key alone costs one.
                try TestInstance.with(
                    authorizing: ["cert-authority \(authority)"],
                    options: ["MaxAuthTries=1"]
                ) { instance in
                    _ = try scratch.latchkey("key", "import", "mine", "\(scratch.path)/key.pub")
                    try instance.add("web-1", to: scratch, key: "mine")
                    let run = try scratch.latchkey(
                        "connect",
                        "web-1",
                        "--",
                        "echo in",
                        environment: ["SSH_AUTH_SOCK": agent.socket]
                    )
                    #expect(run.text == "in\n", "\(run.error)")
                    let explained = try scratch.latchkey(
                        "explain",
                        "web-1",
                        environment: ["SSH_AUTH_SOCK": agent.socket]
                    )
                    #expect(explained.text.contains("certificate"), "\(explained)")
                }
            }
        }
    }

    /// An ssh-agent that holds one ED25519 security key, and touches it by itself: the signature is over the application,
    /// flags, a counter and the message (OpenSSH's PROTOCOL.u2f).
    private static let securityKey = Script.text("security_key_agent")

    @Test func `a security key that an agent holds is named, registered and used`() throws {
        try Scratch.with { scratch in
            let socket = "\(scratch.path)/touch"
            let daemon = try BackgroundProcess(["python3", "-c", Self.securityKey, socket, scratch.path])
            defer { daemon.stop() }
            try TestRelay.wait(for: "the agent") { FileManager.default.fileExists(atPath: socket) }
            let line = try scratch.read("\(scratch.path)/sk.pub")
            let environment = ["SSH_AUTH_SOCK": Optional(socket)]
            try TestInstance.with(authorizing: [line], options: ["MaxAuthTries=1"]) { instance in
                let imported = try scratch.latchkey("key", "import", "token", "\(scratch.path)/sk.pub")
                #expect(imported.error.contains("imported the sk-ed25519 key pair 'token'"), "\(imported)")
                try instance.add("web-1", to: scratch, key: "token")
                let run = try scratch.latchkey("connect", "web-1", "--", "echo in", environment: environment)
                #expect(run.text == "in\n", "\(run.error)")
                let matched = try scratch.latchkey("key", "match", "web-1", environment: environment)
                #expect(matched.text.contains("touch (ssh-agent)") && matched.text.contains("sk-ed25519"), "\(matched)")
            }
        }
    }

    @Test func `an agent that does not sign does not keep the file from being used`() throws {
        try Scratch.with { scratch in
            // ssh-add -c asks a program that is not there, so that the agent says no.
            try SSHAgent.with(scratch) { agent in
                let key = "\(scratch.sshFolder)/id_ed25519"
                try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", key])
                let plain = "\(scratch.path)/plain"
                try Execution.require(["bash", "-c", "cp -p $0 $1; ssh-keygen -q -p -P secret -N '' -f $1", key, plain])
                try Execution.require(["ssh-add", "-q", "-c", plain], environment: ["SSH_AUTH_SOCK": agent.socket])
                try TestInstance.with(authorizing: [try scratch.read("\(key).pub")]) { instance in
                    _ = try scratch.latchkey("key", "import", "mine", "\(key).pub")
                    try instance.add("web-1", to: scratch, key: "mine")
                    try Screen.with(scratch, environment: ["SSH_AUTH_SOCK": agent.socket]) { screen in
                        try screen.enter("\(Scratch.program) connect web-1 -- echo it is \"o\"pen")
                        try screen.expect("Passphrase for the key")
                        try screen.enter("secret")
                        try screen.expect("it is open")
                    }
                }
            }
        }
    }
}
