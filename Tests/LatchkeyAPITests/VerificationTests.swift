// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import Testing

@testable import LatchkeyAPI

struct VerificationTests {
    private let secret = SigningVector.credentials.secretAccessKey
    private let date = SigningVector.date

    private func plain(query: String = "role=subscribe&stream=input") -> SignableRequest {
        SignableRequest(
            method: "POST",
            path: "/v1/data-channel/sid",
            query: query,
            headers: [("Host", "localhost:8443"), ("X-Amz-Target", "AmazonSSM.UpdateInstance")],
            body: Array("body".utf8)
        )
    }

    private func signed(_ request: SignableRequest? = nil, date: Date? = nil) throws -> SignableRequest {
        var request = request ?? plain()
        request.headers += try request.sign(
            SigningVector.credentials,
            region: "us-east-1",
            service: "ssm",
            date: date ?? self.date
        )
        return request
    }

    /// Why a request is not accepted; nil if it is. As a server does, it looks the secret up by the id.
    private func failure(
        _ request: SignableRequest,
        secret: String? = nil,
        now: Date? = nil
    ) -> SignatureFailure? {
        do throws(SignatureFailure) {
            let header = try SignatureHeader(of: request)
            guard header.accessKeyID == SigningVector.credentials.accessKeyID else { return .mismatch }
            try request.verify(header, secretAccessKey: secret ?? self.secret, now: now ?? date)
            return nil
        } catch { return error }
    }

    @Test func `a request that was signed is accepted, and says by whom`() throws {
        let request = try signed()
        #expect(failure(request) == nil)
        let header = try SignatureHeader(of: request)
        #expect(header.accessKeyID == "AKIDEXAMPLE" && header.scope.text == "20150830/us-east-1/ssm/aws4_request")
        #expect(header.signedHeaders == ["host", "x-amz-date", "x-amz-target"] && header.presigned == nil)
        #expect(failure(plain()) == .missing)
    }

    @Test func `every changed bit of what is covered is noticed`() throws {
        let request = try signed()
        func check(_ part: WritableKeyPath<SignableRequest, String>, _ name: String) {
            let original = Array(request[keyPath: part].utf8)
            for place in 0..<(7 * original.count) {
                var bytes = original
                bytes[place / 7] ^= 1 << UInt8(place % 7)
                var changed = request
                changed[keyPath: part] = String(decoding: bytes, as: UTF8.self)
                #expect(failure(changed) != nil, "\(name): \(changed[keyPath: part])")
            }
        }
        check(\.method, "method")
        check(\.path, "path")
        check(\.query, "query")
        check(\.bodyDigest, "body")
        for index in request.headers.indices {
            check(\.headers[index].value, request.headers[index].name)
            // A header under another name is one that is missing; the case of a name does not matter.
            let original = Array(request.headers[index].name.utf8)
            for place in 0..<(7 * original.count) where place % 7 != 5 {
                var bytes = original
                bytes[place / 7] ^= 1 << UInt8(place % 7)
                var changed = request
                changed.headers[index].name = String(decoding: bytes, as: UTF8.self)
                #expect(failure(changed) != nil, "\(changed.headers[index].name)")
            }
            var less = request
            less.headers.remove(at: index)
            #expect(failure(less) != nil)
        }
    }

    @Test func `another secret, scope or access to the past is refused`() throws {
        let request = try signed()
        #expect(failure(request, secret: "other") == .mismatch && failure(request, secret: "") == .mismatch)
        for seconds in [300.0, -300] { #expect(failure(request, now: date + seconds) == nil) }
        for seconds in [301.0, -301, 86_400, -86_400] {
            #expect(failure(request, now: date + seconds) == .expired)
        }
        // Another date with the old signature.
        var moved = request
        for index in moved.headers.indices where moved.headers[index].name == "X-Amz-Date" {
            moved.headers[index].value = "20150830T123601Z"
        }
        #expect(failure(moved) == .mismatch)
        for (from, to) in [("20150830/us", "20150829/us"), ("us-east-1", "us-east-2"), ("/ssm/", "/iam/")] {
            var other = request
            let last = other.headers.count - 1
            other.headers[last].value = other.headers[last].value.replacingOccurrences(of: from, with: to)
            #expect(failure(other) == .mismatch)
        }
    }

    @Test func `the scope's day is the date's own`() throws {
        // Signed for yesterday's scope, a minute after midnight: the signature itself would be right.
        let midnight = Date(timeIntervalSince1970: 1_440_979_260)
        let scope = SigningScope(day: "20150830", region: "us-east-1", service: "ssm")
        var request = plain()
        request.headers.append(("X-Amz-Date", SigningTime(midnight).text))
        let names = ["host", "x-amz-date", "x-amz-target"]
        let text = scope.stringToSign(
            canonicalRequest: try request.canonical(signedHeaders: names, service: "ssm"),
            time: SigningTime(midnight)
        )
        let signature = Hex.encode(HMAC.sha256(key: scope.signingKey(secretAccessKey: secret), Array(text.utf8)))
        request.headers.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\(scope.text), SignedHeaders=\(names.joined(separator: ";")), "
                    + "Signature=\(signature)"
            )
        )
        #expect(failure(request, now: midnight) == .mismatch)
    }

    @Test func `a header that must be covered is`() throws {
        var late = try signed()
        late.headers.append(("X-AMZ-Other", "1"))
        #expect(failure(late) == .headersUnsigned)
        var hostless = try signed()
        let last = hostless.headers.count - 1
        hostless.headers[last].value = hostless.headers[last].value.replacingOccurrences(of: "host;", with: "")
        #expect(failure(hostless) == .headersUnsigned)
        var twice = try signed()
        twice.headers.append(("x-amz-target", "AmazonSSM.Other"))
        #expect(failure(twice) == .mismatch)
        var dated = try signed()
        dated.headers.append(("X-Amz-Date", "20150830T123600Z"))
        #expect(failure(dated) == .malformed)
        var other = try signed()
        other.headers.append(("Accept", "*/*"))
        #expect(failure(other) == nil)
    }

    @Test func `a digest in a header is that of the body`() throws {
        let digest = Hex.encode(Digest.sha256(Array("body".utf8)))
        var covered = plain()
        covered.headers.append(("x-amz-content-sha256", digest))
        #expect(failure(try signed(covered)) == nil)
        covered.headers[2].value = Hex.encode(Digest.sha256([]))
        #expect(failure(try signed(covered)) == .mismatch)
        var late = try signed()
        late.headers.append(("X-Amz-Content-Sha256", digest))
        #expect(failure(late) == nil)
        late.headers[late.headers.count - 1].value = SignableRequest.unsignedPayload
        #expect(failure(late) == .mismatch)
    }

    @Test func `HTTP's own date will do`() throws {
        let cases = [["GET", "https://h.example/", "Date: Mon, 01 Jan 2001 00:00:00 GMT", "", ""]]
        let vector = try #require(try SigningVector.make(cases).first)
        #expect(!vector.headers.contains { $0[0] == "X-Amz-Date" })
        #expect(failure(vector.request) == nil)
        #expect(failure(vector.request, now: date + 301) == .expired)
    }

    @Test func `a signature in the query is accepted for five minutes, whatever it says`() throws {
        let cases = [["GET", "https://h.example/a?b=c%20d", "", "", "to/ken+=="]]
        let vector = try #require(try SigningVector.make(cases, signer: "SigV4QueryAuth").first)
        let request = vector.request
        #expect(request.query.contains("X-Amz-Signature="))
        #expect(failure(request) == nil && failure(request, now: date + 300) == nil)
        #expect(failure(request, now: date + 301) == .expired && failure(request, now: date - 301) == .expired)
        #expect(failure(request, secret: "other") == .mismatch)
        for (from, to) in [("b=c", "b=d"), ("Expires=3600", "Expires=3601"), ("to%2Fken", "to%2Fkem")] {
            var changed = request
            changed.query = changed.query.replacingOccurrences(of: from, with: to)
            #expect(changed != request && failure(changed) == .mismatch)
        }
        for (from, to) in [
            ("Expires=3600", "Expires=604801"), ("Expires=3600", "Expires=0"), ("Expires=3600", "Expires=-1"),
            ("Expires=3600", "Expires=%FF"), ("X-Amz-Date", "X-Amz-Data"), ("b=c%20d", "b=%2"),
            ("b=c", "X-Amz-Expires=1&b=c"), ("HMAC", "HMAD"),
        ] {
            var changed = request
            changed.query = changed.query.replacingOccurrences(of: from, with: to)
            #expect(changed != request && failure(changed) == .malformed, "\(to)")
        }
    }

    @Test func `a machine signs with its own key`() throws {
        let (key, other) = (try MachineKey.generate(), try MachineKey.generate())
        var request = plain()
        request.headers += try request.sign(
            machineID: "mi-0123456789abcdef0",
            key: key,
            region: "us-east-1",
            date: date
        )
        let header = try SignatureHeader(of: request)
        #expect(header.accessKeyID == "mi-0123456789abcdef0" && header.scope.service == "ssm")
        #expect(header.signature.utf8.count == 344)
        try request.verify(header, publicKeyDER: key.publicKeyDER, now: date)
        #expect(throws: SignatureFailure.mismatch) {
            try request.verify(header, publicKeyDER: other.publicKeyDER, now: date)
        }
        #expect(throws: SignatureFailure.mismatch) { try request.verify(header, publicKeyDER: [], now: date) }
        #expect(throws: SignatureFailure.expired) {
            try request.verify(header, publicKeyDER: key.publicKeyDER, now: date + 400)
        }
        #expect(throws: SignatureFailure.mismatch) { try request.verify(header, secretAccessKey: "", now: date) }
        var changed = request
        changed.query += "&x=1"
        #expect(throws: SignatureFailure.mismatch) {
            try changed.verify(header, publicKeyDER: key.publicKeyDER, now: date)
        }
        let text = try SignatureHeader(of: signed())
        #expect(throws: SignatureFailure.mismatch) {
            try signed().verify(text, publicKeyDER: key.publicKeyDER, now: date)
        }
    }

    private static let good =
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=ab"

    @Test func `a header is read with and without spaces, in any order`() throws {
        let header = try SignatureHeader.parse(Self.good)
        for text in [
            "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request,SignedHeaders=host;x-amz-date,Signature=ab",
            "AWS4-HMAC-SHA256  Signature=ab, Credential=A/20150830/r/s/aws4_request , SignedHeaders=host;x-amz-date",
        ] { #expect(try SignatureHeader.parse(text) == header) }
    }

    @Test func `what is no signature is missing`() {
        for text in [nil, "", "Bearer x", "AWS4-ECDSA-P256-SHA256 Credential=x", "aws4-hmac-sha256 x"] {
            #expect(throws: SignatureFailure.missing) { try SignatureHeader.parse(text) }
        }
        #expect(throws: SignatureFailure.missing) { try SignatureHeader.parse(query: "a=b") }
        #expect(throws: SignatureFailure.missing) { try SignatureHeader.parse(query: "X-Amz-Date=1") }
    }

    @Test(
        arguments: [
            ("HMAC-SHA256 ", "HMAC-SHA256"), ("HMAC-SHA256 ", "HMAC-SHA256x "), ("Credential=A", "Credential="),
            ("A/", "A/A/"), ("A/", "é/"), ("20150830", "2015083"), ("20150830", "2015083x"), ("/r/", "//"),
            ("/s/", "/s s/"), ("aws4_request", "aws4_requests"), ("host;x", "x-b;x"), ("host;", "host;;"),
            ("host;", "Host;"), ("host;", "host;host;"), ("host", "ho st"), ("Signature=ab", "Signature="),
            ("Signature=ab", "Signature=a b"), ("Signature=ab", "Signature=a,"), ("Signature=ab", "Signature"),
            ("Signature=ab", "Signature=ab, Signature=ab"), ("Signature=ab", "Signature=ab, X=1"),
            ("Signature=ab", "Signature=\u{0}"), ("Signature=ab", "Signature=ab,"), ("Signature", "signature"),
            ("ab", String(repeating: "a", count: 2049)), ("A/", String(repeating: "A", count: 129) + "/"),
            ("host;", String(repeating: "h", count: 9000) + ";"),
        ]
    )
    func `what is nearly one is malformed`(from: String, to: String) {
        let text = Self.good.replacingOccurrences(of: from, with: to)
        #expect(text != Self.good)
        #expect(throws: SignatureFailure.malformed) { try SignatureHeader.parse(text) }
    }

    @Test func `nothing slips into a query beside a signed header`() throws {
        for added in ["X-Amz-Signature=ab", "X-Amz-Date=20150830T123600Z", "a", "role=subscribe"] {
            var request = try signed()
            request.query += "&" + added
            #expect(failure(request) == .mismatch, "\(added)")
        }
    }

    @Test func `two authorizations are none`() throws {
        var request = try signed()
        request.headers.append(("authorization", Self.good))
        #expect(failure(request) == .malformed)
    }

    @Test func `random bytes in place of a header harm nothing`() {
        let chunks = [
            "AWS4-HMAC-SHA256 ", "Credential=", "SignedHeaders=", "Signature=", ",", "/", ";", "=", "%", "\u{0}", "é",
        ]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...12)).map { _ in chunks.randomElement() ?? "" }.joined()
            #expect(throws: SignatureFailure.self) { try SignatureHeader.parse(text) }
            #expect(throws: SignatureFailure.self) { try SignatureHeader.parse(query: "X-Amz-Algorithm=\(text)") }
        }
    }
}
