// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeySystem
import LatchkeyTestSupport
import Testing

/// Names of others, completed by the shells that people have, in terminals.
struct CompletionTests {
    /// A command runs if any of these is taken for more than a name; each begins with another letter.
    private static let hostile = [
        "z$(touch pwned)", "y`touch pwned`", "x;touch pwned", "n'$(touch pwned)", "v\"$(touch pwned) b", "u a:b\\c",
        "t${HOME}", "s\\$(touch pwned)", "r*", "q|touch pwned", "p&touch pwned", "o<(touch pwned)",
    ]
    private static let kinds = ["instance show", "key show", "--profile"]

    /// Bash would put these on the line without quotes, so that they are not offered there.
    private static func isOffered(_ name: String, _ shell: String) -> Bool {
        shell != "bash" || !name.contains { "$`".contains($0) }
    }

    private static func fill(_ scratch: Scratch) throws -> [String: String?] {
        try StateFile.makeFolder(scratch.latchkeyHome)
        let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
        var profiles = ""
        for (index, name) in (hostile + ["web-1", "web-2"]).enumerated() {
            try store.add(Instance(tags: ["Name": name], addresses: ["10.0.0.1"], created: Date()))
            var key = WireWriter()
            key.string("ssh-ed25519")
            key.string([UInt8](repeating: UInt8(index), count: 32))
            let publicKey = try #require(PublicKey(blob: key.bytes))
            _ = try store.addKeyPair(named: name) {
                KeyPair(name: name, publicKey: publicKey, fingerprint: "f", origin: .imported, created: Date())
            }
            profiles += "[\(name)]\naws_access_key_id = a\naws_secret_access_key = b\n"
        }
        let folder = URL(fileURLWithPath: Scratch.program).deletingLastPathComponent().path
        return [
            "AWS_SHARED_CREDENTIALS_FILE": try scratch.write("credentials", profiles), "AWS_CONFIG_FILE": "/dev/null",
            "PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
        ]
    }

    private static let setup = [
        "bash": #"exec bash --norc --noprofile -i"#,
        "zsh": #"exec zsh -f -i"#,
        "fish": #"exec fish --no-config -i"#,
    ]

    private static let settings = [
        "bash": "bind 'set show-all-if-ambiguous on'; bind 'set bell-style none'; source ./script; PS1='ready> '",
        "zsh": "autoload -U compinit; compinit -D -u; source ./script; PS1='ready> '",
        "fish": "source ./script; function fish_prompt; echo -n 'ready> '; end",
    ]

    @Test(arguments: ["bash", "zsh", "fish"]) func `what is completed is a name, whatever it says`(shell: String) throws
    {
        try Scratch.with { scratch in
            let variables = try Self.fill(scratch)
            let script = try scratch.latchkey("--generate-completion-script", shell)
            try scratch.write("script", script.text)
            let (start, settings) = (try #require(Self.setup[shell]), try #require(Self.settings[shell]))
            try Screen.with(scratch, columns: 120, rows: 60, environment: variables) { screen in
                try screen.enter("cd \(scratch.path); \(start)")
                try screen.enter(settings)
                try screen.expect("ready> ")
                for kind in Self.kinds {
                    // All of them at once, to choose from.
                    try screen.enterCleared()
                    try screen.type("latchkey \(kind) web-")
                    try screen.press("Tab")
                    try screen.wait(for: "a choice") { $0.contains("web-1") && $0.contains("web-2") }
                    try screen.press("C-c")
                    if shell == "bash" {
                        try screen.enterCleared()
                        try screen.type("latchkey \(kind) z")
                        try screen.press("Tab", "Tab", "C-a")
                        try screen.enter("printf '%s ' ")
                        try screen.expect("\nlatchkey \(kind) z ")
                    }
                    for name in Self.hostile where Self.isOffered(name, shell) {
                        // As the shell reads it back from the line.
                        try screen.enterCleared()
                        try screen.wait(for: "a line") { $0.hasPrefix("ready>") && !$0.contains("latchkey") }
                        try screen.type("latchkey \(kind) \(name.prefix(1))")
                        try screen.press("Tab")
                        try screen.wait(for: "the rest of \(name)") { shown in
                            shown.split(separator: "\n").first.map { $0.contains(name.dropFirst().prefix(1)) } ?? false
                                && shown.contains(name.suffix(1))
                        }
                        try screen.press("C-a")
                        try screen.type("printf '%s ' ")
                        try screen.press("Enter")
                        try screen.expect("\nlatchkey \(kind) \(name)")
                    }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/pwned"))
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `other names of commands, what follows help, and names beyond ASCII are completed`(shell: String) throws {
        try Scratch.with { scratch in
            for name in ["größe-1", "größe-2", "東京-1"] {
                _ = try scratch.latchkey("instance", "add", name, "--address", "10.0.0.1")
            }
            try scratch.write("script", try scratch.latchkey("--generate-completion-script", shell).text)
            let folder = URL(fileURLWithPath: Scratch.program).deletingLastPathComponent().path
            let path = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
            let (start, settings) = (try #require(Self.setup[shell]), try #require(Self.settings[shell]))
            try Screen.with(scratch, columns: 120, rows: 60, environment: ["PATH": path]) { screen in
                try screen.enter("cd \(scratch.path); \(start)")
                try screen.enter(settings)
                try screen.wait(for: "a prompt") { $0.split(separator: "\n").contains { $0.hasPrefix("ready>") } }
                for (typed, completed) in [
                    ("instance ls 東", "instance ls 東京-1"), ("instance rm gr", "instance rm größe-"),
                    ("connect größe-2", "connect größe-2"), ("session ls --hi", "session ls --history"),
                    ("help inst", "help instance"), ("help instance ed", "help instance edit"),
                    ("help key fi", "help key fingerprint"), ("key rm --wi", "key rm --with-private-key"),
                ] {
                    try screen.press("C-a", "C-k")
                    try screen.enterCleared()
                    try screen.wait(for: "a line") { $0.hasPrefix("ready>") && !$0.contains("latchkey") }
                    try screen.type("latchkey \(typed)")
                    try screen.wait(for: "what was typed") { $0.contains("latchkey \(typed)") }
                    try screen.press("Tab")
                    try screen.expect("ready> latchkey \(completed)")
                }
            }
        }
    }

    @Test(arguments: ["latchkey", "latchkeyd", "latchkey-agent"]) func `a script has each function once`(
        program: String
    ) throws {
        try Scratch.with { scratch in
            for shell in ["bash", "zsh"] {
                let script =
                    try Execution.require(
                        [Scratch.program(named: program), "--generate-completion-script", shell],
                        environment: scratch.environment
                    )
                    .text
                let functions = script.matches(of: /(?m)^(_[\w-]+)\(\) \{$/).map { String($0.1) }
                #expect(functions.count == Set(functions).count, "\(functions)")
                #expect(functions.contains("_\(program)_help"))
                try Execution.require([shell, "-n", try scratch.write("script", script)])
            }
        }
    }

    /// Not even a list of them is more than a list: all are expanded at once, whatever is typed.
    @Test(arguments: ["bash", "zsh", "fish", "tcsh", nil])
    func `what a shell is given is data to it`(shell: String?) throws {
        try Scratch.with { scratch in
            var variables = try Self.fill(scratch)
            variables.updateValue(shell, forKey: "SAP_SHELL")
            let asked = try scratch.latchkey(
                "---completion",
                "--",
                "--profile",
                "2",
                "0",
                "latchkey",
                "--profile",
                "",
                environment: variables
            )
            #expect(asked.status == 0)
            let lines = asked.text.split(separator: "\n").map(String.init).filter { $0 != " " }
            #expect(lines.contains("web-1"))
            switch shell {
            case "bash":
                let words = try Execution.require([
                    "bash", "-c", "for w in \(lines.joined(separator: " ")); do echo \"$w\"; done",
                ])
                #expect(
                    Set(words.text.split(separator: "\n").map(String.init))
                        == Set(Self.hostile.filter { Self.isOffered($0, "bash") } + ["web-1", "web-2"])
                )
            case "zsh": #expect(lines.contains("u a\\:b\\\\c") && lines.contains("z$(touch pwned)"))
            case "fish": #expect(Set(lines) == Set(Self.hostile + ["web-1", "web-2"]))
            default: #expect(lines == ["web-1", "web-2"])
            }
        }
    }
}
