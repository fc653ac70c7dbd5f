// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySystem

/// The folder in which Latchkey keeps the private halves that it made: `NAME.pem` or `NAME.ppk`, readable by the owner alone.
package struct KeyDirectory: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// A key that was made and written.
    package struct Created: Sendable {
        package let path: String
        package let publicKey: PublicKey
        /// The fingerprint that EC2 would show.
        package let fingerprint: String
    }

    /// Where the private half of a pair of this name is kept: the file that is there, or would be made in EC2's form.
    package func file(for name: String) -> String {
        let files = GeneratedKey.Format.allCases.map { file(for: name, $0) }
        return files.first { access($0, F_OK) == 0 } ?? files[0]
    }

    /// Characters that a file name cannot have are written `%2F`.
    private func file(for name: String, _ format: GeneratedKey.Format) -> String {
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
    package func create(_ name: String, type: GeneratedKey.KeyType, format: GeneratedKey.Format = .pem) throws
        -> Created
    {
        let key = try GeneratedKey(type, format: format, comment: name)
        let file = file(for: name, format)
        try makeDirectory()
        try KeyFile.write(
            key.text,
            to: file,
            existing: "register it: latchkey key import '\(name)' '\(file.terminalSafe)'"
        )
        return Created(path: file, publicKey: key.publicKey, fingerprint: key.fingerprint)
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
                "'\(file(for: name).terminalSafe)' cannot be removed: \(SystemError.last.message)"
            )
        }
        return false
    }

    package func holds(_ name: String) -> Bool { access(file(for: name), F_OK) == 0 }

    private func makeDirectory() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw LatchkeyError(
                errno == ENOSPC ? .storageFull : .fileUnusable,
                "the folder '\(path.terminalSafe)' cannot be made: \(SystemError.last.message)"
            )
        }
    }
}
