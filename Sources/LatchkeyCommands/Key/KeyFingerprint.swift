// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySystem
internal import LatchkeyTerminal

struct KeyFingerprint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fingerprint",
        abstract: "Show all fingerprints of a key.",
        discussion: """
            FILE is a public or private key in any form, or - for a public key on standard input; a key pair's name works, \
            too. EC2 calls an RSA key that it made by a digest of the private half: for a key behind a passphrase it is \
            shown with --unlock, which asks for the passphrase.
            """
    )

    @Argument(help: "The key's file, or a key pair.", completion: .file())
    var file: String

    @Flag(help: "Ask for the passphrase, if there is one.")
    var unlock = false

    @OptionGroup var passphrase: PassphraseOptions

    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    private struct Report: Encodable {
        let key: String
        let type: String
        let bits: Int?
        let algorithm: String
        /// The form of a private key's file.
        let format: String?
        let isEncrypted: Bool?
        let fingerprints: [FingerprintName]
    }

    func run() throws {
        let report = try report()
        var lines = [("key", report.key.terminalSafe), ("type", report.type)]
        if let format = report.format {
            lines.append(("form", format + (report.isEncrypted == true ? ", behind a passphrase" : "")))
        }
        let width = report.fingerprints.map(\.fingerprint.count).max() ?? 0
        for (index, name) in report.fingerprints.enumerated() {
            lines.append((index == 0 ? "fingerprints" : "", "\(name.fingerprint.padded(to: width))  \(name.usedBy)"))
        }
        try show.render(report, lines: lines)
        if report.isEncrypted == true, report.type.hasPrefix("rsa"), !unlock, passphrase.passphraseFile == nil {
            Console.note("latchkey: note: what EC2 would show, had it made this key, takes the passphrase: --unlock")
        }
    }

    private func report() throws -> Report {
        let access = control.access()
        // A file that is here is not asked for elsewhere.
        let mayBePair = !file.contains("/") && file != "-" && (access.isLocal || !InputFile.exists(file))
        if mayBePair, let pair = try access.plane().keyPair(named: file) {
            let path = try Home.current.library(nil).candidates(for: pair.publicKey).first?.path
            guard let path else { return report(pair.publicKey, nil, nil, nil) }
            return try report(of: .privateKey(KeyLibrary.inspect(path)), path)
        }
        return try report(of: try KeySource(file), file)
    }

    private func report(of source: KeySource, _ path: String) throws -> Report {
        switch source {
        case .publicKey(let text): return report(text.key, nil, nil, nil)
        case .privateKey(let candidate):
            let description = try KeySource.describe(path)
            let unlocks = unlock || passphrase.passphraseFile != nil
            if unlocks && candidate.isEncrypted || description.publicKey == nil {
                let key = try PrivateKeyLoader.open(path, passphrase: passphrase.source).key
                return report(key.publicKey, key.pkcs8SHA1, key.format, candidate.isEncrypted)
            }
            guard let key = description.publicKey else { throw LatchkeyError.keyNotFound(path) }
            return report(key, description.pkcs8SHA1, description.format, candidate.isEncrypted)
        }
    }

    private func report(_ key: PublicKey, _ pkcs8SHA1: [UInt8]?, _ format: KeyFormat?, _ isEncrypted: Bool?) -> Report {
        Report(
            key: file,
            type: key.typeAndSize,
            bits: key.bits,
            algorithm: key.algorithm,
            format: format?.name,
            isEncrypted: isEncrypted,
            fingerprints: Fingerprint.all(of: key, pkcs8SHA1: pkcs8SHA1)
        )
    }
}
