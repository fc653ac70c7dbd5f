// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyBroker
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeyTerminal

struct KeyImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Register the public half of a key that exists already.",
        discussion: """
            FILE is a public key in OpenSSH's form, or a private key, of which only the public half is taken; - reads a \
            public key from standard input. The private file stays where it is.
            """
    )

    @Argument(help: "The name of the pair.")
    var name: String

    @Argument(help: "The key's file.", completion: .file())
    var file: String

    @OptionGroup var tagOptions: TagOptions

    func run() throws {
        let name = try Names.keyPair(name)
        let tags = try tagOptions.read()
        let key = try publicKey()
        let pair = try Home.current.store()
            .addKeyPair(named: name) {
                KeyPair(
                    name: name,
                    publicKey: key,
                    fingerprint: Fingerprint.ec2Imported(key),
                    origin: .imported,
                    tags: tags,
                    created: Date()
                )
            }
        Console.note("latchkey: imported the \(key.typeAndSize) key pair '\(name)', \(pair.fingerprint)")
        Output.print(pair.id)
    }

    private func publicKey() throws -> PublicKey {
        // A private key must not pass through ordinary memory, so it is looked for first.
        let candidate = file == "-" ? nil : KeyLibrary.inspect(file)
        switch candidate?.fault {
        case .none:
            if let candidate { return try publicHalf(of: candidate) }
        case .notAKey, .notRegular, .missing, .unreadable: break
        case .some(let fault):
            throw LatchkeyError(
                .keyUnusable,
                "the key '\(file.terminalSafe)' \(fault.reason)",
                hint: fault.hint(path: file)
            )
        }
        let lines = try InputFile.read(file).split(whereSeparator: \.isNewline)
        guard lines.count == 1, let key = lines.first.flatMap({ PublicKey(line: $0) }) else {
            throw LatchkeyError(
                .keyUnusable,
                "there is no key in '\(file.terminalSafe)'",
                hint: "give a .pub file, or the private key's file"
            )
        }
        guard ["ed25519", "rsa", "ecdsa"].contains(key.typeName) else {
            throw LatchkeyError(
                .keyUnusable,
                "keys of the kind '\(key.algorithm.terminalSafe)' cannot be imported",
                hint: "ed25519, rsa and ecdsa can"
            )
        }
        return key
    }

    private func publicHalf(of candidate: KeyCandidate) throws -> PublicKey {
        if let key = candidate.publicKey, !candidate.isClaimed { return key }
        return try Unlocking.open(file).key.publicKey
    }
}
