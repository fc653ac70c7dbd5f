// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOHTTP1
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyOperations

struct SignInLimiterTests {
    private static let start = Date(timeIntervalSince1970: 1_000_000)

    private func request(_ source: String, _ key: String = "AKIA1", target: String = "CreateConsoleSession")
        -> IncomingRequest
    {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
        head.headers.add(name: "X-Amz-Target", value: "Latchkey.\(target)")
        head.headers.add(name: "X-Amz-Date", value: "20260101T000000Z")
        head.headers.add(
            name: "Authorization",
            value: "AWS4-HMAC-SHA256 Credential=\(key)/20260101/local/latchkey/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=\(String(repeating: "0", count: 64))"
        )
        head.headers.add(name: "Host", value: "relay.example")
        return IncomingRequest(head: head, body: .whole([]), isSecure: true, source: source)
    }

    private func attempt(
        _ limiter: SignInLimiter,
        _ request: IncomingRequest,
        at now: Date,
        _ status: HTTPResponseStatus = .forbidden
    )
        -> Int?
    {
        let delay = limiter.begin(request, at: now)
        if delay == nil { limiter.end(request, .text(status, ""), at: now) }
        return delay
    }

    @Test func `only signing in is counted`() {
        #expect(SignInLimiter.isAttempt(request("10.0.0.1")))
        #expect(SignInLimiter.isAttempt(request("10.0.0.1", target: "RedeemConsoleLink")))
        #expect(!SignInLimiter.isAttempt(request("10.0.0.1", target: "DeleteConsoleSession")))
    }

    @Test func `the eleventh failure from one place within a minute waits, and others do not`() {
        let limiter = SignInLimiter()
        for second in 0..<10 { #expect(attempt(limiter, request("10.0.0.1"), at: Self.start + Double(second)) == nil) }
        #expect(attempt(limiter, request("10.0.0.1", "AKIA2"), at: Self.start + 10) == 50)
        #expect(attempt(limiter, request("10.0.0.2"), at: Self.start + 10) == nil)
        #expect(attempt(limiter, request("10.0.0.1"), at: Self.start + 60) == nil)
    }

    @Test func `many attempts at once are as many`() {
        let limiter = SignInLimiter()
        let delays = (0..<12).map { _ in limiter.begin(request("10.0.0.1"), at: Self.start) }
        #expect(delays.filter { $0 == nil }.count == 10)
    }

    @Test func `the addresses of one IPv6 network are one place`() {
        let limiter = SignInLimiter()
        for number in 0..<10 { _ = attempt(limiter, request("2001:db8::\(number)"), at: Self.start) }
        #expect(attempt(limiter, request("2001:db8::ffff"), at: Self.start) == 60)
        #expect(attempt(limiter, request("2001:db8:0:1::1"), at: Self.start) == nil)
    }

    @Test func `who tries another's key from many places does not keep its user out`() {
        let limiter = SignInLimiter()
        #expect(attempt(limiter, request("10.0.0.1"), at: Self.start, .ok) == nil)
        for number in 0..<30 { _ = attempt(limiter, request("10.1.0.\(number)"), at: Self.start) }
        #expect(attempt(limiter, request("10.2.0.1"), at: Self.start + 1) == 59)
        #expect(attempt(limiter, request("10.2.0.1", "AKIA2"), at: Self.start + 1) == nil)
        #expect(attempt(limiter, request("10.0.0.1"), at: Self.start + 1) == nil)
    }

    @Test func `what succeeds, and what is the server's own fault, is not counted`() {
        let limiter = SignInLimiter()
        for _ in 0..<50 {
            #expect(attempt(limiter, request("10.0.0.1"), at: Self.start, .ok) == nil)
            #expect(attempt(limiter, request("10.0.0.1"), at: Self.start, .serviceUnavailable) == nil)
        }
    }

    @Test func `all who come through a proxy are not one place`() throws {
        let limiter = SignInLimiter(origin: try PublicOrigin(proxies: [try #require(AddressRange("10.9.9.9"))]))
        for number in 0..<20 { #expect(attempt(limiter, request("10.9.9.9", "AKIA\(number)"), at: Self.start) == nil) }
        for _ in 0..<40 { _ = attempt(limiter, request("10.9.9.9", "AKIAX"), at: Self.start) }
        #expect(attempt(limiter, request("10.9.9.9", "AKIAX"), at: Self.start) == 60)
    }
}
