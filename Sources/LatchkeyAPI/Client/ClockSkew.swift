// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyTransport

/// Requests are signed with the time, and refused if it is minutes off: in words that seldom say so.
enum ClockSkew {
    /// Seconds that make a server refuse a signature: five minutes, less what a request may take.
    private static let limit = 240

    private static let codes: Set<String> = [
        "AuthFailure", "InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    ]

    /// What the answer's own date says about this machine's clock; nil if that is not the trouble.
    static func message(_ code: String, _ response: HTTPResponse, now: Date = Date()) -> String? {
        guard codes.contains(code), let time = response.header("date").flatMap({ SigningTime(http: $0) }) else {
            return nil
        }
        let seconds = Int(now.timeIntervalSince1970) - time.seconds
        guard abs(seconds) >= limit else { return nil }
        let minutes = (abs(seconds) + 30) / 60
        return "this machine's clock is \(minutes) minutes \(seconds < 0 ? "behind" : "ahead of") the server's"
    }
}
