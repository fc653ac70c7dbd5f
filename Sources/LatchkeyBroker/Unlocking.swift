// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
package import LatchkeySSH
internal import LatchkeyTerminal

/// Brings a private key from its file into libssh's hands, asking for its passphrase where it has one.
package enum Unlocking {
    private static let tries = 3

    /// - Throws: `keyUnusable`, `passphraseWrong`, `passphraseUnavailable`, `cancelled`.
    package static func privateKey(at path: String) throws -> PrivateKey {
        let candidate = KeyCandidate(source: .file(path: path), publicKey: nil)
        let text = try self.text(path, candidate)
        let description = try describe(text, candidate)
        guard description.isEncrypted else {
            guard let key = read(text, passphrase: nil) else { throw Broker.unusable(candidate, .malformed) }
            return key
        }
        guard let prompt = Prompt() else {
            throw LatchkeyError(
                .passphraseUnavailable,
                "the key \(candidate.label) is behind a passphrase, and there is no terminal to ask for it",
                hint: "ssh-add '\(path.terminalSafe)' lets an ssh-agent hold it"
            )
        }
        for attempt in 0..<tries {
            let passphrase = try prompt.passphrase(
                attempt == 0 ? "Passphrase for the key \(candidate.label): " : "That is not it. Once more: "
            )
            if let key = read(text, passphrase: passphrase) { return key }
        }
        throw LatchkeyError(
            .passphraseWrong,
            "no passphrase that was given opens the key \(candidate.label)",
            hint: "ssh-keygen -y -f '\(path.terminalSafe)' tells whether one does"
        )
    }

    private static func text(_ path: String, _ candidate: KeyCandidate) throws -> Secret {
        do throws(KeyFault) { return try KeyFile.read(path) } catch { throw Broker.unusable(candidate, error) }
    }

    private static func describe(_ text: borrowing Secret, _ candidate: KeyCandidate) throws -> KeyDescription {
        do throws(KeyFault) { return try KeyDescription(of: text) } catch { throw Broker.unusable(candidate, error) }
    }

    private static func read(_ text: borrowing Secret, passphrase: consuming Secret?) -> PrivateKey? {
        if let key = try? PrivateKey(text: text, passphrase: passphrase) { return key }
        guard let converted = PKCS8.openSSHText(of: text, passphrase: passphrase) else { return nil }
        return try? PrivateKey(text: converted, passphrase: nil)
    }
}
