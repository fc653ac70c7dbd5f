// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTransport
import Testing

@testable import LatchkeyAPI

struct RetryTests {
    private static let quick = RetryPolicy(attempts: 3, base: 1, limit: 4)

    /// How often it is tried where it always fails so.
    private func attempts(_ failure: ServiceFailure, isIdempotent: Bool) -> Int {
        var count = 0
        do throws(ServiceFailure) {
            try Self.quick.run(isIdempotent: isIdempotent) { () throws(ServiceFailure) in
                count += 1
                throw failure
            }
        } catch {
            #expect(error == failure)
        }
        return count
    }

    @Test func `what was certainly not done is tried again, however often it may be done`() {
        let failures: [ServiceFailure] = [
            .refused(code: "ThrottlingException", status: 400, message: ""),
            .refused(code: "RequestLimitExceeded", status: 503, message: ""),
            .refused(code: "HTTP 429", status: 429, message: ""), .unreachable(.dial(.unreachable("refused"))),
        ]
        for failure in failures {
            #expect(attempts(failure, isIdempotent: false) == 3)
            #expect(attempts(failure, isIdempotent: true) == 3)
        }
    }

    @Test func `what may have been done is tried again only if that does no harm`() {
        let failures: [ServiceFailure] = [
            .refused(code: "InternalError", status: 500, message: ""),
            .refused(code: "HTTP 503", status: 503, message: ""), .unreachable(.lost("cut")),
        ]
        for failure in failures {
            #expect(attempts(failure, isIdempotent: false) == 1)
            #expect(attempts(failure, isIdempotent: true) == 3)
        }
    }

    @Test func `what would fail again is not tried again`() {
        let failures: [ServiceFailure] = [
            .refused(code: "AccessDenied", status: 403, message: ""), .unreachable(.untrusted("x")),
            .unreachable(.timedOut), .unreachable(.dial(.unknownHost("x"))), .malformed("x"),
            .unreachable(.unsigned("x")),
        ]
        for failure in failures { #expect(attempts(failure, isIdempotent: true) == 1) }
    }

    @Test func `pauses double up to their limit`() {
        let policy = RetryPolicy(attempts: 9, base: 500, limit: 20_000)
        #expect((1...8).map(policy.pause) == [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000])
        #expect(policy.pause(before: 1000) == 20_000)
    }

    @Test func `only what is asked for and changes nothing may be asked twice`() {
        #expect(!StartSession.isIdempotent && !CreateActivation.isIdempotent && !RegisterManagedInstance.isIdempotent)
        #expect(DescribeSessions.isIdempotent && ResumeSession.isIdempotent && TerminateSession.isIdempotent)
    }

    private func response(date: String?) throws -> HTTPResponse {
        HTTPResponse(status: 403, headers: date.map { [("date", $0)] } ?? [], body: [])
    }

    @Test func `a clock that is off is told where it must be the reason`() throws {
        let now = try #require(ISO8601DateFormatter().date(from: "2026-11-24T15:10:00Z"))
        let behind = try response(date: "Tue, 24 Nov 2026 15:22:10 GMT")
        #expect(
            ClockSkew.message("SignatureDoesNotMatch", behind, now: now)
                == "this machine's clock is 12 minutes behind the server's"
        )
        let ahead = try response(date: "Tue, 24 Nov 2026 15:00:00 GMT")
        #expect(
            ClockSkew.message("RequestExpired", ahead, now: now)
                == "this machine's clock is 10 minutes ahead of the server's"
        )
        #expect(ClockSkew.message("AccessDenied", ahead, now: now) == nil)
        #expect(ClockSkew.message("AuthFailure", try response(date: "Tue, 24 Nov 2026 15:09:00 GMT"), now: now) == nil)
        #expect(ClockSkew.message("AuthFailure", try response(date: nil), now: now) == nil)
    }
}
