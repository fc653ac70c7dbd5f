// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySSH
internal import LatchkeyTerminal

struct KeyImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Register the public half of a key that exists already.",
        discussion: """
            FILE is a public key (an OpenSSH line, RFC 4716, PEM, or DER in base64), or a private key in any form, of \
            which only the public half is taken; - reads a public key from standard input. The private file stays where \
            it is.
            """
    )

    @Argument(help: "The name of the pair.")
    var name: String

    @Argument(help: "The key's file.", completion: .file())
    var file: String

    private static let kinds = ["ed25519", "rsa", "ecdsa", "sk-ed25519", "sk-ecdsa"]

    @OptionGroup var tagOptions: TagOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let name = try Names.keyPair(name)
        let tags = try tagOptions.read()
        if let register = try access.registration(of: name) {
            let key = try publicKey()
            let id = try register(key, tags).id
            Console.note("latchkey: imported the \(key.typeAndSize) key pair '\(name)', \(Fingerprint.openSSH(key))")
            return Output.print(id)
        }
        let key = try publicKey()
        let pair = try access.home.store()
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
        Console.note("latchkey: imported the \(key.typeAndSize) key pair '\(name)', \(Fingerprint.openSSH(key))")
        Output.print(pair.id)
    }

    private func publicKey() throws -> PublicKey {
        let source = try KeySource(file)
        let key =
            switch source {
            case .publicKey(let text): text.key
            case .privateKey(let candidate): try publicHalf(of: candidate)
            }
        if KeyImport.kinds.contains(key.typeName) && !key.isCertificate { return key }
        throw LatchkeyError(
            .keyUnusable,
            "keys of the kind '\(key.algorithm.terminalSafe)' cannot be imported",
            hint: key.isCertificate
                ? "import the key that was certified; an ssh-agent offers its certificate beside it"
                : "ed25519, rsa, ecdsa and security keys (sk-…) can"
        )
    }

    private func publicHalf(of candidate: KeyCandidate) throws -> PublicKey {
        if let key = candidate.publicKey, !candidate.isClaimed { return key }
        return try PrivateKeyLoader.open(file, passphrase: .interaction(TerminalInteraction())).key.publicKey
    }
}
