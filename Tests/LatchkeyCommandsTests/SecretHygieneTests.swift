// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Where private bytes are found after they were used: nowhere but in their own file.
struct SecretHygieneTests {
    private static let passphrase = "correct-horse-battery-staple"

    /// Looks for the private numbers of a key (as they are, and the other way round, as OpenSSL keeps them), for lines of
    /// its text and for its passphrase in a process's whole memory, or in all files of a folder.
    private static let search = Script.text("find_secrets")

    /// - Returns: what was found; `control` must be among it, or the search sees nothing at all.
    private static func found(
        _ kind: String,
        _ place: String,
        _ scratch: Scratch,
        _ key: String,
        control: String
    ) throws -> [String] {
        let plain = "\(scratch.path)/plain"
        return try Execution.require(["python3", "-c", search, kind, place, plain, key, passphrase, control])
            .text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let type: String
        let format: String
        let isEncrypted: Bool
        var testDescription: String { "\(type) \(format)\(isEncrypted ? " encrypted" : "")" }
    }

    static let cases = [
        Case(type: "ed25519", format: "openssh", isEncrypted: false),
        Case(type: "ed25519", format: "openssh", isEncrypted: true),
        Case(type: "rsa", format: "pem", isEncrypted: false), Case(type: "rsa", format: "pem", isEncrypted: true),
        Case(type: "rsa", format: "openssh", isEncrypted: false), Case(type: "rsa", format: "ppk", isEncrypted: true),
        Case(type: "ecdsa", format: "pkcs8", isEncrypted: true),
        Case(type: "ecdsa", format: "sec1", isEncrypted: false),
    ]

    @Test(arguments: cases) func `after the login nothing of the key is left in memory, arguments, files`(test: Case)
        throws
    {
        try Scratch.with { scratch in
            // The same key in the clear for the search, and in the form that is used.
            let (plain, key) = ("\(scratch.path)/plain", "\(scratch.sshFolder)/key")
            let maker =
                switch test.type {
                case "rsa": "openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:2048"
                case "ecdsa": "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256"
                default: "openssl genpkey -algorithm ed25519"
                }
            try Execution.require(["bash", "-c", "\(maker) -out $0; chmod 600 $0", plain])
            let secret = try scratch.write("passphrase", Self.passphrase)
            let passphrase = test.isEncrypted ? ["--new-passphrase-file", secret] : []
            try Execution.require(
                [Scratch.program, "key", "convert", plain, key, "--format", test.format] + passphrase,
                environment: scratch.environment
            )
            try FileManager.default.removeItem(atPath: secret)
            let line = try Execution.require([Scratch.program, "key", "convert", plain, "--format", "public"]).line

            try TestInstance.with(authorizing: [line]) { instance in
                try instance.add("web-1", to: scratch)
                try Screen.with(scratch) { screen in
                    try screen.enter("\(Scratch.program) connect web-1 -v --key \(key) -- 'echo a-marker; sleep 1000'")
                    if test.isEncrypted {
                        try screen.expect("Passphrase for the key")
                        try screen.enter(Self.passphrase)
                    }
                    try screen.expect("command started")
                    let pattern = "^\(Scratch.program) connect web-1 -v --key \(key) "
                    let process = try Execution.require(["pgrep", "-f", pattern]).line
                    let inMemory = try Self.found("process", process, scratch, key, control: "a-marker; sleep 1000")
                    #expect(inMemory == ["control"])
                    let content = try screen.content()
                    #expect(!content.contains(Self.passphrase))
                    // No core file either.
                    let limit = try scratch.read("/proc/\(process)/limits").split(separator: "\n")
                        .first { $0.hasPrefix("Max core file size") }
                    #expect(limit?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
                    try screen.press("C-c")
                }
                let control = try scratch.write("control", "here")
                let onDisk = try Self.found("folder", scratch.path, scratch, key, control: "here")
                #expect(onDisk == ["control"])
                #expect(FileManager.default.fileExists(atPath: control))
            }
        }
    }

    @Test func `a crash leaves no core file and shows nothing of the memory`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("key", "create", "web")
            let key = try scratch.latchkey("key", "show", "web", "--public-key").line
            try TestInstance.with(authorizing: [key]) { instance in
                try instance.add("web-1", to: scratch, key: "web")
                let script = """
                    cd $1; ulimit -c unlimited; "$0" connect web-1 -- 'echo begun; sleep 1000' >out & pid=$!
                    until [ -s out ]; do sleep 0.1; done; kill -SEGV $pid; wait $pid; echo $?; rm out; ls -A
                    """
                try FileManager.default.createDirectory(
                    atPath: "\(scratch.path)/empty",
                    withIntermediateDirectories: true
                )
                let run = try Execution.run(
                    ["bash", "-c", script, Scratch.program, "\(scratch.path)/empty"],
                    environment: scratch.environment
                )
                #expect(run.text == "139\n", "\(run)")
                #expect(!run.error.contains("Registers") && !run.error.contains("crashed"), "\(run)")
            }
        }
    }

    @Test func `a key that is made or converted leaves no draft behind`() throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "web", "--type", "rsa").line
            let plain = "\(scratch.path)/plain"
            try scratch.latchkey("key", "convert", path, plain, "--format", "pkcs8")
            try scratch.latchkey("key", "convert", path, "\(scratch.path)/out.ppk", "--format", "ppk")
            try FileManager.default.removeItem(atPath: "\(scratch.path)/out.ppk")
            try scratch.write("control", "here")
            #expect(try Self.found("folder", scratch.path, scratch, path, control: "here") == ["control"])
        }
    }
}
