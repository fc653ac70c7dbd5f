// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyHTTP
package import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySystem

/// The server's certificate and the authority that made it, in the folder `tls`.
package struct Certificates: Sendable {
    private let folder: String

    package init(_ folders: StateFolders) { folder = folders.certificates }

    package var authorityPath: String { "\(folder)/ca.pem" }
    private var authorityKeyPath: String { "\(folder)/ca-key.pem" }

    package var exist: Bool { access(server.chain, F_OK) == 0 && access(server.key, F_OK) == 0 }

    /// The names and addresses of the server's certificate; none where there is no certificate.
    ///
    /// - Throws: `fileUnusable`, `keyUnusable`.
    package func names() throws -> [String] { try serverCertificate()?.description.names ?? [] }

    /// Makes a certificate for these names and addresses, and an authority first where there is none. Clients that trust
    /// the authority go on trusting it.
    ///
    /// - Parameters:
    ///   - names: what the server is called by; if there are any, a new authority certifies no others.
    ///   - more: further names, which are left out if the authority may not certify them.
    /// - Throws: `nameInvalid` if the authority may not certify one of `names`.
    package func make(names: [String], and more: [String]) throws {
        try StateFile.makeFolder(folder)
        if access(authorityPath, F_OK) != 0 || access(authorityKeyPath, F_OK) != 0 {
            let known = names.isEmpty ? nil : names + more
            let authority = try CertificateAuthority.make(name: "Latchkey CA", permitting: known)
            try StateFile.write(authorityKeyPath, secret: authority.keyPEM)
            try StateFile.write(authorityPath, Array(authority.certificatePEM.utf8))
        }
        let authority = try self.authority()
        // An authority that cannot be read is told of below.
        let all = names + more.filter { (try? CertificateAuthority.permits($0, authority: authority)) ?? true }
        try issue(all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }, server)
    }

    private var server: CertificateFiles {
        CertificateFiles(chain: "\(folder)/server.pem", key: "\(folder)/server-key.pem")
    }

    private func authority() throws -> String {
        String(decoding: try StateFile.read(authorityPath) ?? [], as: UTF8.self)
    }

    /// Makes another certificate of the authority for these addresses: for clients that reach this server by other ways
    /// than its users.
    func certificate(named name: String, for addresses: [String]) throws -> ServerCertificate {
        let files = CertificateFiles(chain: "\(folder)/\(name).pem", key: "\(folder)/\(name)-key.pem")
        try issue(addresses, files)
        return try ServerCertificate(files)
    }

    /// - Returns: nil where there is no certificate.
    func serverCertificate() throws -> ServerCertificate? { exist ? try ServerCertificate(server) : nil }

    /// Makes a certificate anew, for the same names, when its end comes near.
    ///
    /// It begins where the old one began, and for the same reason one that has not begun yet is made anew, too: a clock that
    /// was wrong for a while leaves no certificate behind that clients with right ones refuse.
    ///
    /// - Returns: whether it did; false too if it is not of this authority, or the authority's key is not here.
    /// - Throws: `LatchkeyError` if it cannot be made or written.
    func renew(_ certificate: ServerCertificate, now: Date = Date()) throws -> Bool {
        let description = certificate.description
        guard now >= description.renewal || now < description.notBefore, access(authorityKeyPath, F_OK) == 0,
            try CertificateAuthority.issued(certificate.chainPEM, authority: try authority())
        else { return false }
        let isRecent = now.timeIntervalSince(description.notBefore) < Certificates.longestLife
        let begin = now >= description.notBefore && isRecent ? description.notBefore : nil
        try issue(description.names, certificate.files, notBefore: begin)
        return true
    }

    /// Seconds: two years, since some clients refuse certificates that are good for longer than 825 days.
    private static let longestLife = 730.0 * 24 * 3600

    private func issue(_ names: [String], _ files: CertificateFiles, notBefore: Date? = nil) throws {
        let authority = try self.authority()
        let key = try StateFile.readSecret(authorityKeyPath)
        let issued: CertifiedKey
        do throws(LatchkeyError) {
            for name in names where try !CertificateAuthority.permits(name, authority: authority) {
                throw refusal(of: name)
            }
            issued = try CertificateAuthority.issue(
                names: names,
                authority: authority,
                keyPEM: key,
                notBefore: notBefore
            )
        } catch {
            if error.code == .nameInvalid { throw error }
            throw LatchkeyError(
                error.code,
                "the authority in '\(folder.terminalSafe)' cannot be used: \(error.message)",
                hint: "put copies of ca.pem and ca-key.pem back, or move them away for latchkeyd init to make others"
            )
        }
        try StateFile.write(files.key, secret: issued.keyPEM)
        try StateFile.write(files.chain, Array((issued.certificatePEM + authority).utf8))
    }

    private func refusal(of name: String) -> LatchkeyError {
        LatchkeyError(
            .nameInvalid,
            "the authority of this home was made for other names, and may not certify '\(name.terminalSafe)'",
            hint:
                "move '\(authorityPath.terminalSafe)' and ca-key.pem away for latchkeyd init to make another authority, "
                + "and give its certificate to agents and clients"
        )
    }
}
