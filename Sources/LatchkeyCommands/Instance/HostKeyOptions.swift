// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel

/// Host keys that the user attests.
struct HostKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A host key of the instance, as in /etc/ssh/ssh_host_ed25519_key.pub; may be given several times.",
            valueName: "line"
        )
    )
    var hostKey: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with host keys, such as the console output of its first boot; - for standard input.",
            valueName: "file"
        ),
        completion: .file()
    )
    var hostKeysFrom: String?

    /// - Throws: `usage` for a line that is no key, `fileUnusable` for a file without any.
    func read() throws -> [HostKey] {
        var keys = try hostKey.map { line in
            guard let key = HostKeyText.key(in: line) else {
                throw LatchkeyError(
                    .usage,
                    "'\(line.cut(to: .quotation).terminalSafe)…' is not a host key",
                    hint: "it looks like: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5…"
                )
            }
            return key
        }
        if let file = hostKeysFrom {
            let found = HostKeyText.keys(in: try InputFile.read(file))
            guard !found.isEmpty else {
                throw LatchkeyError(
                    .fileUnusable,
                    "there is no host key in \(file == "-" ? "standard input" : "'\(file.terminalSafe)'"), or not only keys",
                    hint:
                        "ssh-keyscan's output and *.pub files are understood, and a console: what it says before sshd listens"
                )
            }
            keys += found
        }
        let now = Date()
        return keys.map { HostKey(key: $0, source: .given, pinned: now) }
    }
}
