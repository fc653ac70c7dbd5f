// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Why a file is not a private key that can be used.
package enum KeyFault: Error, Equatable, Sendable {
    case missing
    /// The system's words for why it cannot be opened or read.
    case unreadable(String)
    case notRegular
    /// Others could read it: the file's permission bits.
    case tooOpen(mode: UInt32)
    /// It belongs to another user, who could replace it.
    case foreignOwner
    case notAKey
    /// Bytes in DER, which may be a key or a certificate.
    case binary
    /// A key by its first line, but cut off or damaged.
    case malformed
    /// A key of a kind that is recognised and not supported.
    case unsupported(String)
    /// Its passphrase would cost more work than any honest file asks for.
    case tooCostly(String)
    case changedWhileRead
    /// It is behind a passphrase, and none was given.
    case locked
    case wrongPassphrase

    /// SSH has it (RFC 8709), and nothing that Latchkey stands on.
    static let ed448 = "an Ed448 key, which neither OpenSSH nor libssh signs with"

    /// What is wrong, as the end of a sentence that names the file.
    package var reason: String {
        switch self {
        case .missing: "does not exist"
        case .unreadable(let message): "cannot be read: \(message)"
        case .notRegular: "is not a regular file"
        case .tooOpen(let mode): "can be read by others (mode \(String(mode & 0o7777, radix: 8)))"
        case .foreignOwner: "belongs to another user"
        case .notAKey: "is not a private key"
        case .binary: "is in DER, a binary form that is not read"
        case .malformed: "is cut off or damaged"
        case .unsupported(let kind):
            // Some kinds say themselves what is the matter.
            ["which", "cannot", "not "].contains { kind.contains($0) }
                ? "is \(kind)" : "is \(kind), which is not supported"
        case .tooCostly(let what): "needs too much work to unlock (\(what))"
        case .changedWhileRead: "changed while it was read"
        case .locked: "is behind a passphrase"
        case .wrongPassphrase: "does not open with this passphrase"
        }
    }

    /// What to do about it, if something can be done.
    package func hint(path: String) -> String? {
        switch self {
        case .tooOpen: "chmod 600 '\(path.terminalSafe)'"
        case .foreignOwner: "make a copy of your own, readable by you alone"
        case .unsupported(let kind) where kind.hasPrefix("the handle of a security key"):
            "let an ssh-agent hold it: ssh-add '\(path.terminalSafe)'"
        case .missing: "latchkey key list shows the keys there are"
        case .binary:
            "openssl pkey -inform DER -in FILE -out NEWFILE makes a key of it that is (-pubin for a public one)"
        case .malformed: "restore it from where it was made"
        case .tooCostly: "if you trust the file, write it anew with less work, by the program that made it"
        default: nil
        }
    }
}
