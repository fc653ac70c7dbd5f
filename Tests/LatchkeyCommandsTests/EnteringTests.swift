// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// What sshd's settings and the user's shell make of an entry.
struct EnteringTests {
    // MARK: Bytes

    @Test(
        arguments: [
            "connect web -- rm $'caf\\xe9'", "connect -i $'caf\\xe9' web", "key fingerprint $'/tmp/caf\\xe9'",
        ]
    )
    func `a word that is not UTF-8 is refused, not changed`(line: String) throws {
        try Scratch.with { scratch in
            let run = try Execution.run(
                ["bash", "-c", "exec \"$0\" \(line)", Scratch.program],
                environment: scratch.environment
            )
            #expect(run.status == 64)
            #expect(run.error.contains("caf\\xE9' is not UTF-8"), "\(run.error)")
        }
    }

    @Test(arguments: ["LATCHKEY_HOME", "HOME", "AWS_CONFIG_FILE"])
    func `a path in the environment that is not UTF-8 is refused`(name: String) throws {
        let run = try Execution.run([
            "bash", "-c", "export \(name)=$'/tmp/caf\\xe9'; exec \"$0\" instance list", Scratch.program,
        ])
        #expect(run.status == 64)
        #expect(run.error.contains("\(name) is not UTF-8: '/tmp/caf\\xE9'"), "\(run.error)")
    }

    // MARK: Shells

    @Test(arguments: ["sh", "bash", "dash", "zsh", "fish", "tcsh", "bsd-csh"])
    func `words reach the instance as they are, whichever its login shell is`(shell: String) throws {
        // As sshd starts a login shell; the tests make no users.
        let options = ["ForceCommand=exec \(shell) -c \"$SSH_ORIGINAL_COMMAND\""]
        try ConnectCommandTests.with(options: options, on: .sshd) { scratch, _ in
            let words = ["\\", "end\\", "it's", "hi!x", "!!", "a\nb\n", "$HOME", "*", "", "é"]
            let run = try scratch.latchkey(["connect", "web-1", "--", "printf", "<%s>"] + words)
            #expect(run.text == words.map { "<\($0)>" }.joined(), "\(run.error)")
            #expect(run.status == 0)
        }
    }

    // MARK: sshd's settings

    @Test func `where sshd allows no terminal, the shell comes without one`() throws {
        try ConnectCommandTests.with(options: ["PermitTTY=no"]) { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "-t", "--", "tty; echo in")
            #expect(run.status == 0)
            #expect(run.text == "not a tty\nin\n")
            #expect(run.error == "latchkey: note: 'web-1' allows no terminal; this runs without one\n")
        }
    }

    @Test func `a second key that sshd demands is shown on the same connection`() throws {
        try Scratch.with { scratch in
            for name in ["web", "second"] { _ = try scratch.latchkey("key", "create", name) }
            let keys = try ["web", "second"].map { try scratch.latchkey("key", "show", $0, "--public-key").line }
            let options = ["AuthenticationMethods=publickey,publickey"]
            try TestInstance.with(authorizing: keys, options: options) { instance in
                try instance.add("web-1", to: scratch, key: "web")
                let run = try scratch.latchkey("connect", "web-1", "--", "echo in")
                #expect(run.text == "in\n", "\(run.error)")
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo again").text == "again\n")
            }
            try TestInstance.with(authorizing: [keys[0]], options: options) { instance in
                try instance.add("web-2", to: scratch, key: "web")
                let run = try scratch.latchkey("connect", "web-2", "--", "echo in")
                #expect(run.status == 255)
                #expect(run.error.contains("'web-2' has taken a key from"), "\(run.error)")
                #expect(run.error.contains("and demands publickey besides"), "\(run.error)")
            }
        }
    }

    @Test func `another factor than a key is named`() throws {
        let options = ["PasswordAuthentication=yes", "AuthenticationMethods=publickey,password"]
        try ConnectCommandTests.with(options: options) { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "--", "echo in")
            #expect(run.status == 255)
            #expect(run.error.contains("demands password besides"), "\(run.error)")
        }
    }

    @Test func `lines before the identification do no harm, and a long identification is named`() throws {
        try ConnectCommandTests.with { scratch, instance in
            let proxy = try BackgroundProcess(
                ["python3", "-c", Self.talker, String(instance.port)],
                log: "\(scratch.path)/port"
            )
            defer { proxy.stop() }
            try TestRelay.wait(for: "the talker") { try scratch.read("\(scratch.path)/port").hasSuffix("\n") }
            let port = try scratch.read("\(scratch.path)/port").trimmingCharacters(in: .newlines)
            let run = try scratch.latchkey("connect", "web-1", "--port", port, "--", "echo in")
            #expect(run.text == "in\n", "\(run.error)")
        }
        try ConnectCommandTests.with(options: ["VersionAddendum=\(String(repeating: "x", count: 250))"]) { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "--", "echo in")
            #expect(run.status == 255)
            #expect(run.error.contains("and SSH allows 255"), "\(run.error)")
            #expect(run.error.contains("VersionAddendum"), "\(run.error)")
        }
    }

    /// Passes connections on to a port, and says something of its own first.
    private static let talker = Script.text("talking_server")

    // MARK: Key folders

    @Test func `key folders that cannot be used are named, at use and by doctor`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "web")
            func configure(_ text: String) throws { try scratch.write("\(scratch.latchkeyHome)/config.json", text) }
            for (text, words) in [
                (#"{"keyDirectories": ["keys"]}"#, "'keys' of the configuration begins neither with / nor with ~"),
                (#"{"keyDirectories": ["~no-such-user/x"]}"#, "names a user that does not exist"),
                (#"{"keyDirectorys": []}"#, "'keyDirectorys' is not a setting"),
            ] {
                try configure(text)
                for arguments in [["key", "list"], ["doctor"]] {
                    let run = try scratch.latchkey(arguments)
                    #expect(run.status == 1 && (run.error + run.text).contains(words), "\(run.error)\(run.text)")
                }
            }
            try configure(#"{"keyDirectories": ["/no/such/folder"]}"#)
            let words = "the key folder '/no/such/folder' cannot be read: no such file or directory"
            let list = try scratch.latchkey("key", "list")
            #expect(list.status == 0 && list.error.contains(words), "\(list.error)")
            let doctor = try scratch.latchkey("doctor")
            #expect(doctor.status == 1 && doctor.text.contains(words) && doctor.error == "", "\(doctor.text)")
        }
    }

    @Test func `key folders are looked into three levels deep, and names that are not UTF-8 are left out`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.path)/keys"
            try Execution.require(["mkdir", "-p", "\(folder)/1/2/3/4"])
            _ = try scratch.latchkey("key", "list")
            for path in ["1/2/3/deep", "1/2/3/4/deeper"] {
                try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/\(path)"])
            }
            try Execution.require(["bash", "-c", "cp '\(folder)/1/2/3/deep' '\(folder)'/$'caf\\xe9'"])
            try scratch.write("\(scratch.latchkeyHome)/config.json", "{\"keyDirectories\": [\"\(folder)\"]}")
            let doctor = try scratch.latchkey("doctor").text
            #expect(doctor.contains("1 private key is here and can be read"), "\(doctor)")
            #expect(doctor.contains("1 file in a key folder has a name in another encoding than UTF-8"), "\(doctor)")
        }
    }
}
