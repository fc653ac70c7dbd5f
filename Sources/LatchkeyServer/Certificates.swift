// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel

/// The server's certificate and the authority that made it, in the folder `tls`.
package struct Certificates: Sendable {
    private let folder: String

    package init(_ folders: StateFolders) { folder = folders.certificates }

    package var authorityPath: String { "\(folder)/ca.pem" }
    private var authorityKeyPath: String { "\(folder)/ca-key.pem" }
    private var certificatePath: String { "\(folder)/server.pem" }
    private var keyPath: String { "\(folder)/server-key.pem" }

    package var exist: Bool { access(certificatePath, F_OK) == 0 && access(keyPath, F_OK) == 0 }

    /// Makes a certificate for these names and addresses, and an authority first where there is none. Clients that trust
    /// the authority go on trusting it.
    package func make(names: [String]) throws {
        try StateFile.makeFolder(folder)
        if access(authorityPath, F_OK) != 0 || access(authorityKeyPath, F_OK) != 0 {
            let authority = try CertificateAuthority.make(name: "Latchkey CA")
            try StateFile.write(authorityKeyPath, secret: authority.keyPEM)
            try StateFile.write(authorityPath, Array(authority.certificatePEM.utf8))
        }
        let authority = String(decoding: try StateFile.read(authorityPath) ?? [], as: UTF8.self)
        let key = try StateFile.readSecret(authorityKeyPath)
        try issue(names, authority, key, certificatePath, keyPath)
    }

    /// Makes another certificate of the authority for these addresses, and what serves with it: for clients that reach this
    /// server by other ways than its users.
    func context(named name: String, for addresses: [String]) throws -> SecureContext {
        let authority = String(decoding: try StateFile.read(authorityPath) ?? [], as: UTF8.self)
        let key = try StateFile.readSecret(authorityKeyPath)
        let (chain, keyPath) = ("\(folder)/\(name).pem", "\(folder)/\(name)-key.pem")
        try issue(addresses, authority, key, chain, keyPath)
        return try SecureContext(chain: chain, key: keyPath)
    }

    private func issue(
        _ names: [String],
        _ authority: String,
        _ key: borrowing Secret,
        _ certificatePath: String,
        _ keyPath: String
    ) throws {
        let issued: CertifiedKey
        do throws(LatchkeyError) {
            issued = try CertificateAuthority.issue(names: names, authority: authority, keyPEM: key, days: 825)
        } catch {
            if error.code == .nameInvalid { throw error }
            throw LatchkeyError(
                error.code,
                "the authority in '\(folder.terminalSafe)' cannot be used: \(error.message)",
                hint: "put copies of ca.pem and ca-key.pem back, or move them away for latchkeyd init to make others"
            )
        }
        try StateFile.write(keyPath, secret: issued.keyPEM)
        try StateFile.write(certificatePath, Array((issued.certificatePEM + authority).utf8))
    }

    /// - Returns: nil where there is no certificate.
    func serverContext() throws -> SecureContext? {
        exist ? try SecureContext(chain: certificatePath, key: keyPath) : nil
    }
}
