// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel

/// The folder in which Latchkey keeps the private halves that it made: `NAME.pem` or `NAME.ppk`, readable by the owner alone.
package struct KeyDirectory: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// The kinds of key that can be made, as in EC2.
    package enum KeyType: String, CaseIterable, Sendable {
        case ed25519, rsa
    }

    /// A key that was made and written.
    package struct Created: Sendable {
        package let path: String
        package let publicKey: PublicKey
        /// The fingerprint that EC2 would show.
        package let fingerprint: String
    }

    /// The forms that EC2 hands keys out in.
    package enum CreatedFormat: String, CaseIterable, Sendable {
        /// PKCS#1 for RSA, OpenSSH's own for ED25519.
        case pem
        /// PuTTY's.
        case ppk
    }

    /// Where the private half of a pair of this name is kept: the file that is there, or would be made in EC2's form.
    package func file(for name: String) -> String {
        let files = CreatedFormat.allCases.map { file(for: name, $0) }
        return files.first { access($0, F_OK) == 0 } ?? files[0]
    }

    /// Characters that a file name cannot have are written `%2F`.
    private func file(for name: String, _ format: CreatedFormat) -> String {
        var file = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "/": file += "%2F"
            case "%": file += "%25"
            case "." where file.isEmpty: file += "%2E"
            default: file.unicodeScalars.append(scalar)
            }
        }
        return "\(path)/\(file).\(format.rawValue)"
    }

    /// Makes a key pair and writes its private half, whole or not at all; a file that exists is left alone.
    ///
    /// ED25519 or RSA of 2048 bits, as EC2 makes them.
    /// - Throws: `keyExists`, `storageFull`, `fileUnusable`.
    package func create(_ name: String, type: KeyType, format: CreatedFormat = .pem) throws -> Created {
        let made = try KeyDirectory.make(name, type: type, format: format)
        let file = file(for: name, format)
        try makeDirectory()
        let hint = "register it: latchkey key import '\(name)' '\(file.terminalSafe)'"
        try KeyFile.write(made.text, to: file, existing: hint)
        return Created(path: file, publicKey: made.publicKey, fingerprint: made.fingerprint)
    }

    /// A key pair that was made, and is nowhere yet.
    package struct Made: ~Copyable {
        /// The private half in the form that was asked for.
        package let text: Secret
        package let publicKey: PublicKey
        /// The fingerprint that EC2 would show.
        package let fingerprint: String
    }

    /// Makes a key pair as EC2 does: ED25519, or RSA of 2048 bits.
    ///
    /// - Parameter name: the comment in the private half.
    /// - Throws: `keyUnusable`.
    package static func make(_ name: String, type: KeyType, format: CreatedFormat) throws(LatchkeyError) -> Made {
        do throws(KeyFault) {
            let key = try PrivateKey(type == .rsa ? .rsa(bits: 2048) : .ed25519, comment: name)
            let pem: KeyFormat = type == .rsa ? .pkcs1 : .openssh
            return Made(
                text: try key.text(format == .ppk ? .ppk : pem, comment: name, passphrase: nil),
                publicKey: key.publicKey,
                fingerprint: Fingerprint.ec2Created(key.publicKey, pkcs8SHA1: key.pkcs8SHA1)
            )
        } catch {
            throw LatchkeyError(.keyUnusable, "no key could be made: it \(error.reason)")
        }
    }

    /// Removes the private half of a pair.
    ///
    /// - Parameter publicKey: the pair's public half; a file that holds another key is left alone.
    /// - Returns: whether there was one.
    /// - Throws: `fileUnusable`; `keyUnusable` if the file is not, or cannot be seen to be, that key's.
    package func remove(_ name: String, holding publicKey: PublicKey) throws -> Bool {
        let candidate = KeyLibrary.inspect(file(for: name))
        guard candidate.fault == .missing || (candidate.publicKey == publicKey && !candidate.isClaimed) else {
            throw LatchkeyError(
                .keyUnusable,
                "the file \(candidate.label) \(candidate.fault?.reason ?? "holds another key"), so it stays",
                hint: "look at it, and remove it yourself if it is to go"
            )
        }
        if unlink(file(for: name)) == 0 { return true }
        guard errno == ENOENT else {
            throw LatchkeyError(
                .fileUnusable,
                "'\(file(for: name).terminalSafe)' cannot be removed: \(KeyFile.words(errno))"
            )
        }
        return false
    }

    package func holds(_ name: String) -> Bool { access(file(for: name), F_OK) == 0 }

    private func makeDirectory() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw LatchkeyError(
                errno == ENOSPC ? .storageFull : .fileUnusable,
                "the folder '\(path.terminalSafe)' cannot be made: \(KeyFile.words(errno))"
            )
        }
    }
}
