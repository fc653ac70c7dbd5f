// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal

struct KeyConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Convert a key to another format.",
        discussion: """
            latchkey key convert web.pem web.ppk --format ppk
            latchkey key convert web.ppk --format public

            A private key that is behind a passphrase stays behind it, unless a new one is given. FILE itself is left as \
            it is, and so is an OUT that exists. Public forms go to standard output if no OUT is named; a private key goes \
            there only if OUT is -.
            """
    )

    /// Private forms by their names, public ones by theirs.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case openssh, pem, pkcs1, pkcs8, sec1, ppk, ppk2
        case `public`, rfc4716, spki, der

        func privateFormat(for key: PublicKey) -> KeyFormat? {
            switch self {
            case .openssh: .openssh
            // What EC2 hands out under this name.
            case .pem: key.typeName == "rsa" ? .pkcs1 : key.typeName == "ecdsa" ? .sec1 : .openssh
            case .pkcs1: .pkcs1
            case .pkcs8: .pkcs8
            case .sec1: .sec1
            case .ppk: .ppk
            case .ppk2: .ppk2
            case .public, .rfc4716, .spki, .der: nil
            }
        }

        var publicFormat: PublicKeyFormat? {
            switch self {
            case .public: .openssh
            case .rfc4716: .rfc4716
            case .spki: .spki
            case .der: .der
            case .openssh, .pem, .pkcs1, .pkcs8, .sec1, .ppk, .ppk2: nil
            }
        }
    }

    @Argument(help: "The key's file; - for a public key on standard input.", completion: .file())
    var file: String

    @Argument(help: "The file to write.", completion: .file())
    var out: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Private: openssh, pem (as EC2 hands out), pkcs1, pkcs8, sec1, ppk, ppk2. Public: public (a line), rfc4716, "
                + "spki, der (base64).",
            valueName: "form"
        )
    )
    var format: Format

    @Option(name: .shortAndLong, help: "The comment; else the one that the key has.")
    var comment: String?

    @Flag(help: "Ask for a new passphrase; an empty one leaves the key unencrypted.")
    var newPassphrase = false

    @Flag(help: "Write the key unencrypted.")
    var noPassphrase = false

    @OptionGroup var passphrase: PassphraseOptions

    @Option(help: ArgumentHelp("Read the new passphrase from a file.", valueName: "file"), completion: .file())
    var newPassphraseFile: String?

    func validate() throws {
        if [newPassphrase, noPassphrase, newPassphraseFile != nil].count(where: { $0 }) > 1 {
            throw ValidationError("--new-passphrase, --new-passphrase-file and --no-passphrase exclude each other")
        }
        if let comment, !comment.isTerminalSafe {
            throw ValidationError("the comment has characters that do not print")
        }
    }

    func run() throws {
        let source = try KeySource(file)
        if let format = format.publicFormat {
            try writePublic(try publicText(source), format)
            return
        }
        guard case .privateKey = source else {
            throw LatchkeyError(
                .keyUnusable,
                "'\(file.terminalSafe)' holds a public key only, which no private key can be made of",
                hint: "the public forms are public, rfc4716, spki and der"
            )
        }
        guard let out else {
            throw LatchkeyError(
                .usage,
                "a private key needs a file to go to",
                hint: "latchkey key convert FILE OUT --format \(format.rawValue), or - as OUT for standard output"
            )
        }
        let opened = try PrivateKeyLoader.open(file, passphrase: passphrase.source)
        let key = opened.key
        let wanted = format.privateFormat(for: key.publicKey) ?? .openssh
        let text = try encode(opened, wanted)
        if out == "-" {
            try Output.write(text)
        } else {
            try KeyFile.write(text, to: out)
            Console.note("latchkey: wrote the \(key.publicKey.typeAndSize) key in the form \(wanted.name)")
            Output.print(out)
        }
    }

    private func encode(_ opened: borrowing PrivateKeyLoader.Unlocked, _ wanted: KeyFormat) throws -> Secret {
        let comment = comment ?? opened.key.comment
        let new = try newSecret()
        do throws(KeyFault) {
            switch new {
            case .some: return try opened.key.text(wanted, comment: comment, passphrase: new)
            case .none: return try opened.key.text(wanted, comment: comment, passphrase: opened.passphrase)
            }
        } catch {
            throw LatchkeyError(
                .keyUnusable,
                "the key '\(file.terminalSafe)' \(error.reason)",
                hint: "openssh, pkcs8 and ppk hold every kind of key"
            )
        }
    }

    /// The new passphrase; nil if none was asked for.
    private func newSecret() throws -> Secret? {
        if noPassphrase { return Secret(capacity: 0) }
        if let newPassphraseFile {
            let passphrase = try PrivateKeyLoader.passphrase(in: newPassphraseFile)
            // Nearly always an accident, by which the key would be in the clear unnoticed.
            guard passphrase.count > 0 else {
                throw LatchkeyError(
                    .fileUnusable,
                    "the passphrase file '\(newPassphraseFile.terminalSafe)' begins with an empty line",
                    hint: "--no-passphrase writes the key unencrypted"
                )
            }
            return passphrase
        }
        guard newPassphrase else { return nil }
        guard let prompt = Prompt() else {
            throw LatchkeyError(
                .passphraseUnavailable,
                "there is no terminal to ask for the new passphrase",
                hint: "--new-passphrase-file FILE reads it from a file"
            )
        }
        let first = try prompt.passphrase("New passphrase (empty for none): ")
        let second = try prompt.passphrase("The same again: ")
        let isSame = first.withBytes { first in second.withBytes { first.elementsEqual($0) } }
        guard isSame else {
            throw LatchkeyError(.passphraseWrong, "the two passphrases differ", hint: "nothing was written")
        }
        return first
    }

    // MARK: Public forms

    private func publicText(_ source: KeySource) throws -> PublicKeyText {
        switch source {
        case .publicKey(let text):
            return PublicKeyText(key: text.key, comment: comment ?? text.comment, format: text.format)
        case .privateKey(let candidate):
            if let key = candidate.publicKey, !candidate.isClaimed, candidate.isEncrypted {
                return PublicKeyText(key: key, comment: comment ?? "", format: .openssh)
            }
            let key = try PrivateKeyLoader.open(file, passphrase: passphrase.source).key
            return PublicKeyText(key: key.publicKey, comment: comment ?? key.comment, format: .openssh)
        }
    }

    private func writePublic(_ key: PublicKeyText, _ format: PublicKeyFormat) throws {
        let text: String
        do throws(KeyFault) {
            text = try key.text(format)
        } catch {
            throw LatchkeyError(.keyUnusable, "the key '\(file.terminalSafe)' \(error.reason)")
        }
        guard let out, out != "-" else {
            return Output.print(Terminal(descriptor: 1) == nil ? text : text.terminalSafeLines)
        }
        try OutputFile.create(out, text)
        Output.print(out)
    }
}
