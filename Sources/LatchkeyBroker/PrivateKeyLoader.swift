// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyKeys
internal import LatchkeyModel
package import LatchkeySystem
internal import LatchkeyTerminal

/// Brings a private key from its file into memory, with its passphrase where it has one.
package enum PrivateKeyLoader {
    private static let tries = 3

    /// Where a passphrase comes from.
    package enum PassphraseSource: Sendable {
        /// Asked for, three times at the most.
        case interaction(any Interaction)
        /// The first line of a file.
        case file(String)
        case given(GivenPassphrase)
    }

    /// A passphrase that opens several keys, wiped with its last holder. Never changed, hence `@unchecked`.
    package final class GivenPassphrase: @unchecked Sendable {
        fileprivate let secret: Secret?

        /// - Parameter file: what has it in its first line; a pipe can be read once.
        /// - Throws: `fileUnusable`.
        package init(in file: String) throws { secret = try PrivateKeyLoader.passphrase(in: file) }
    }

    /// A key and the passphrase that opened it.
    package struct Unlocked: ~Copyable {
        package let key: PrivateKey
        /// Nil where the key had none.
        package let passphrase: Secret?
    }

    /// - Throws: `keyNotFound`, `keyUnusable`, `passphraseWrong`, `passphraseUnavailable`, `cancelled`.
    package static func open(_ path: String, passphrase source: PassphraseSource) throws -> Unlocked {
        let candidate = KeyCandidate(source: .file(path: path), publicKey: nil)
        let text: Secret
        do throws(KeyFault) { text = try KeyFile.read(path) } catch { throw Broker.unusable(candidate, error) }
        if let key = try key(text, nil, candidate) { return Unlocked(key: key, passphrase: nil) }
        switch source {
        case .given(let given):
            guard let key = try key(text, given.secret, candidate) else { throw wrongPassphrase(candidate, path) }
            return Unlocked(key: key, passphrase: nil)
        case .file(let file):
            let passphrase: Secret? = try PrivateKeyLoader.passphrase(in: file)
            guard let key = try key(text, passphrase, candidate) else { throw wrongPassphrase(candidate, path) }
            return Unlocked(key: key, passphrase: passphrase)
        case .interaction(let interaction):
            for attempt in 0..<tries {
                let passphrase = try interaction.passphrase(
                    attempt == 0 ? "Passphrase for the key \(candidate.label): " : "Wrong passphrase, try again: "
                )
                if passphrase == nil { throw passphraseUnavailable(candidate) }
                if let key = try key(text, passphrase, candidate) { return Unlocked(key: key, passphrase: passphrase) }
            }
            throw wrongPassphrase(candidate, path)
        }
    }

    /// - Returns: nil if the passphrase does not open it, or there is one and none was given.
    private static func key(
        _ text: borrowing Secret,
        _ passphrase: borrowing Secret?,
        _ candidate: KeyCandidate
    ) throws -> PrivateKey? {
        if let key = try attempt(text, passphrase, candidate) { return key }
        switch passphrase {
        case .none: return nil
        case .some(let passphrase):
            // The file may have been made where letters beyond ASCII are other bytes.
            let other = passphrase.inOtherEncoding()
            return try other == nil ? nil : attempt(text, other, candidate)
        }
    }

    private static func attempt(
        _ text: borrowing Secret,
        _ passphrase: borrowing Secret?,
        _ candidate: KeyCandidate
    ) throws -> PrivateKey? {
        do throws(KeyFault) {
            return try PrivateKey(text, passphrase: passphrase)
        } catch {
            if error == .locked || error == .wrongPassphrase { return nil }
            throw Broker.unusable(candidate, error)
        }
    }

    private static func passphraseUnavailable(_ candidate: KeyCandidate) -> LatchkeyError {
        LatchkeyError(
            .passphraseUnavailable,
            "the key \(candidate.label) has a passphrase, and there is no terminal to ask for it",
            hint: "run it at a terminal, or let an ssh-agent hold the key (latchkey key convert makes a form that "
                + "ssh-add reads)"
        )
    }

    private static func wrongPassphrase(_ candidate: KeyCandidate, _ path: String) -> LatchkeyError {
        LatchkeyError(
            .passphraseWrong,
            "no passphrase that was given opens the key \(candidate.label)",
            hint: "latchkey key fingerprint --unlock '\(path.terminalSafe)' tells whether one does"
        )
    }

    /// The first line of a file that only its owner can read, or that root lets this user read; of a pipe, too.
    ///
    /// - Throws: `fileUnusable`.
    package static func passphrase(in file: String) throws -> Secret {
        func unusable(_ why: String) -> LatchkeyError {
            LatchkeyError(
                .fileUnusable,
                "the passphrase file '\(file.terminalSafe)' \(why)",
                hint: "it holds the passphrase in its first line, and is readable by you alone (chmod 600)"
            )
        }
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw unusable("cannot be read: \(SystemError.last.message)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw unusable("cannot be read: \(SystemError.last.message)")
        }
        if status.st_mode & S_IFMT == S_IFREG {
            guard status.st_uid == geteuid() || status.st_uid == 0 else { throw unusable("belongs to another user") }
            guard status.st_uid != geteuid() || status.st_mode & 0o077 == 0 else {
                throw unusable("can be read by others")
            }
        }
        var line = try firstLine(of: descriptor, unusable)
        if let plain = line.recoded() { line = plain }
        // A line end, one byte or two, and in UTF-16 four.
        for end in [UInt8(ascii: "\n"), UInt8(ascii: "\r")] where line.withBytes({ $0.last == end }) {
            line.removeLast()
        }
        guard line.count <= Secret.passphraseLimit else {
            throw unusable("has more than \(Secret.passphraseLimit) bytes in its first line")
        }
        return line
    }

    /// Up to the first line end and with it, as it stands there. It does not wait for what follows or is typed later.
    private static func firstLine(of descriptor: Int32, _ unusable: (String) -> LatchkeyError) throws -> Secret {
        let limit = 2 * Secret.passphraseLimit + 8
        var line = Secret(capacity: limit)
        while true {
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw unusable("cannot be read: \(SystemError.last.message)") }
            if count == 0 { return line }
            guard line.count < limit, line.append(byte) else {
                throw unusable("has more than \(Secret.passphraseLimit) bytes in its first line")
            }
            let isOver = line.withBytes { bytes in
                guard TextEncoding.isUTF16(bytes) else { return byte == UInt8(ascii: "\n") }
                let unit = bytes.suffix(2)
                return bytes.count.isMultiple(of: 2)
                    && (unit.elementsEqual([0x0A, 0]) || unit.elementsEqual([0, 0x0A]))
            }
            if isOver { return line }
        }
    }
}
