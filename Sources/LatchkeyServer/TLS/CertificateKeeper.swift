// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import Logging
internal import NIOCore
internal import Synchronization

/// Renews certificates at two thirds of their life, takes up those that were replaced, and says in time if one will expire.
final class CertificateKeeper: Sendable {
    /// Between two looks at the files.
    private static let interval = TimeAmount.seconds(2)

    private let certificates: Certificates
    /// The first one is the one that `/metrics` tells of.
    private let kept: [ServerCertificate]
    private let workers: Workers
    private let metrics: Metrics
    private let log: Logger
    /// What was said last of each, so that it is said once.
    private let told = Mutex<[String: String]>([:])

    init(_ certificates: Certificates, _ kept: [ServerCertificate], workers: Workers, metrics: Metrics, log: Logger) {
        self.certificates = certificates
        self.kept = kept
        self.workers = workers
        self.metrics = metrics
        self.log = log
    }

    /// Looks at once, and from then on every two seconds.
    func watch(_ loop: any EventLoop) -> RepeatedTask {
        loop.scheduleRepeatedAsyncTask(initialDelay: .zero, delay: CertificateKeeper.interval) { _ in
            loop.makeFutureWithTask { [self] in try? await workers.run { self.look() } }
        }
    }

    private func look() {
        for certificate in kept { look(at: certificate) }
        if let first = kept.first {
            metrics.set(.certificateExpiry, Int(first.description.notAfter.timeIntervalSince1970))
        }
    }

    private func look(at certificate: ServerCertificate) {
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

    private func say(_ words: String?, of path: String) {
        let isNews = told.withLock { told in
            defer { told[path] = words }
            return told[path] != words
        }
        if isNews, let words { log.warning("certificate", metadata: ["file": "\(path)", "reason": "\(words)"]) }
    }
}
