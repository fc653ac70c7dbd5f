// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyTransport

/// What TLS connections share.
struct TLSClientContextTests {
    private static func makeCertificate(_ scratch: Scratch, _ name: String) throws -> String {
        let path = "\(scratch.path)/\(name).pem"
        try Execution.require([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(path).key", "-out", path,
        ])
        return path
    }

    @Test func `authorities are read once, and again when their file is another`() throws {
        try Scratch.with { scratch in
            let (one, other) = (try Self.makeCertificate(scratch, "one"), try Self.makeCertificate(scratch, "other"))
            let trust = Trust(authorities: one)
            let first = try TLSClientContext.shared(trust)
            #expect(try TLSClientContext.shared(trust) === first)
            #expect(try TLSClientContext.shared(Trust(authorities: other)) !== first)
            #expect(try TLSClientContext.shared(.system) === TLSClientContext.shared(.system))
            try scratch.write(one, try scratch.read(other))
            let second = try TLSClientContext.shared(trust)
            #expect(second !== first)
            #expect(try TLSClientContext.shared(trust) === second)
            try FileManager.default.removeItem(atPath: one)
            #expect(throws: TransportError.self) { try TLSClientContext.shared(trust) }
        }
    }

    /// As for an agent, which runs on while its server gets another authority.
    @Test func `a server is judged by the authorities that the file holds now`() throws {
        try Scratch.with { scratch in
            let (good, bad) = (try Self.makeCertificate(scratch, "good"), try Self.makeCertificate(scratch, "bad"))
            let trusted = try scratch.write("trusted.pem", try scratch.read(bad))
            let port = try TestRelay.freePort()
            let words = [
                "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", good, "-key", "\(good).key", "-www",
            ]
            let daemon = try BackgroundProcess(words + ["-quiet"], log: "\(scratch.path)/log")
            defer { daemon.stop() }
            let request = HTTPRequest("GET", ServerAddress(isSecure: true, host: "127.0.0.1", port: port))
            func ask() -> Result<Int, TransportError> {
                Result { () throws(TransportError) in
                    try HTTPExchange.perform(request, trust: Trust(authorities: trusted), timeout: 30_000).status
                }
            }
            try TestRelay.wait(for: "the server") {
                if case .failure(.dial) = ask() { return false }
                return true
            }
            guard case .failure(.untrusted) = ask() else {
                Issue.record("a server of another authority was trusted")
                return
            }
            try scratch.write(trusted, try scratch.read(good))
            #expect(try ask().get() == 200)
        }
    }
}
