// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import FoundationEssentials
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeySystem
internal import Logging
internal import Synchronization

/// Renews certificates at two thirds of their life, takes up those that were replaced, and says in time if one will expire.
final class CertificateKeeper: Sendable {
    /// Milliseconds between two looks at the files.
    private static let interval: Int64 = 2000

    private let certificates: Certificates
    /// The first one is the one that `/metrics` tells of.
    private let kept: [ServerCertificate]
    private let metrics: ServerMetrics
    private let log: Logger
    /// What was said last of each, so that it is said once.
    private let told = Mutex<[String: String]>([:])

    init(_ certificates: Certificates, _ kept: [ServerCertificate], metrics: ServerMetrics, log: Logger) {
        self.certificates = certificates
        self.kept = kept
        self.metrics = metrics
        self.log = log
    }

    /// - Returns: what does it, until it is stopped.
    func start() throws -> Ticker { try Ticker(every: CertificateKeeper.interval) { self.refresh() } }

    private func refresh() {
        for certificate in kept { refresh(at: certificate) }
        if let first = kept.first {
            metrics.certificateExpiry.set(Int(first.description.notAfter.timeIntervalSince1970))
        }
    }

    private func refresh(at certificate: ServerCertificate) {
        let path = certificate.files.chain
        do {
            if try certificates.renew(certificate) { log.notice("certificate renewed", metadata: ["file": "\(path)"]) }
            if try certificate.reload() {
                let until = certificate.description.notAfter
                log.notice("certificate in use", metadata: ["file": "\(path)", "until": "\(until.ISO8601Format())"])
            }
            say(warning(of: certificate), of: path)
        } catch {
            say("it cannot be renewed or read: \(error)", of: path)
        }
    }

    /// It should have been renewed by now.
    private func warning(of certificate: ServerCertificate) -> String? {
        let (now, description) = (Date(), certificate.description)
        guard now >= description.renewal else { return nil }
        let until = description.notAfter.ISO8601Format()
        return now >= description.notAfter
            ? "it expired at \(until), and clients refuse it" : "it expires at \(until); latchkeyd did not make it"
    }

    private func say(_ message: String?, of path: String) {
        let isNews = told.withLock { told in
            defer { told[path] = message }
            return told[path] != message
        }
        if isNews, let message { log.warning("certificate", metadata: ["file": "\(path)", "reason": "\(message)"]) }
    }
}
