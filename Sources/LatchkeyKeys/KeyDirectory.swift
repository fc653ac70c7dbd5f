// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel

/// The folder in which Latchkey keeps the private halves that it made: `NAME.pem`, readable by the owner alone.
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

    /// Where the private half of a pair of this name is kept. Characters that a file name cannot have are written `%2F`.
    package func file(for name: String) -> String {
        var file = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "/": file += "%2F"
            case "%": file += "%25"
            case "." where file.isEmpty: file += "%2E"
            default: file.unicodeScalars.append(scalar)
            }
        }
        return "\(path)/\(file).pem"
    }

    /// Makes a key pair and writes its private half, whole or not at all; a file that exists is left alone.
    ///
    /// ED25519 in OpenSSH's form, RSA 2048 in PKCS#1, as EC2 hands them out.
    /// - Throws: `keyExists`, `storageFull`, `fileUnusable`.
    package func create(_ name: String, type: KeyType) throws -> Created {
        let text: Secret
        let publicKey: PublicKey
        let digest: [UInt8]?
        do throws(KeyFault) {
            switch type {
            case .ed25519:
                let key = try Ed25519Key.generate()
                publicKey = key.publicKey
                digest = nil
                let container = key.seed.withBytes { seed in
                    OpenSSHContainer.ed25519(seed: seed, publicKey: key.publicKey, comment: name)
                }
                text = Armour.encode(label: "OPENSSH PRIVATE KEY", container)
            case .rsa:
                let key = try RSAKey.generate(bits: 2048)
                publicKey = key.publicKey
                digest = key.pkcs8SHA1
                text = Armour.encode(label: "RSA PRIVATE KEY", key.pkcs1)
            }
        } catch {
            throw LatchkeyError(.keyUnusable, "no key could be made: it \(error.reason)")
        }
        let file = file(for: name)
        try makeDirectory()
        try write(text, to: file, name: name)
        let fingerprint = Fingerprint.ec2Created(publicKey, pkcs8SHA1: digest)
        return Created(path: file, publicKey: publicKey, fingerprint: fingerprint)
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

    /// Written beside, synced, then given its name without replacing anything: `link` fails where the name is taken.
    private func write(_ text: borrowing Secret, to file: String, name: String) throws {
        let draft = "\(path)/.\(Identifier.make(prefix: "new-"))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(file, errno) }
        defer { unlink(draft) }
        let number = text.withBytes { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return count == 0 ? ENOSPC : errno }
                done += count
            }
            return fsync(descriptor) == 0 ? 0 : errno
        }
        close(descriptor)
        guard number == 0 else { throw failure(file, number) }
        guard link(draft, file) == 0 else {
            throw errno == EEXIST
                ? LatchkeyError(
                    .keyExists,
                    "the file '\(file.terminalSafe)' exists already",
                    hint: "choose another name, or register it: latchkey key import '\(name)' '\(file.terminalSafe)'"
                )
                : failure(file, errno)
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func failure(_ file: String, _ number: Int32) -> LatchkeyError {
        LatchkeyError(
            number == ENOSPC || number == EDQUOT ? .storageFull : .fileUnusable,
            "the private key cannot be written to '\(file.terminalSafe)': \(KeyFile.words(number))",
            hint: number == ENOSPC ? "nothing was kept; make room and try again" : nil
        )
    }
}
