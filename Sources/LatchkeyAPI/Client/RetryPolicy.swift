// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyTransport

/// How often a request is sent again that was throttled, met a failing server or lost its connection, and after how
/// long: a random part of a time that doubles ("full jitter"), so that many clients do not come back in the same
/// moment.
package struct RetryPolicy: Sendable {
    /// At least 1.
    package let attempts: Int
    /// The first pause at its longest, in milliseconds, and the longest of all.
    package let base: Int
    package let limit: Int

    package static let none = RetryPolicy(attempts: 1)

    package init(attempts: Int, base: Int = 500, limit: Int = 20_000) {
        self.attempts = max(1, attempts)
        self.base = base
        self.limit = limit
    }

    /// Runs `body` until it succeeds, fails for good, or has been run often enough.
    ///
    /// - Parameter isIdempotent: whether doing it twice is the same as doing it once. If not, only what certainly was
    ///   not done is sent again.
    package func run<Value>(
        isIdempotent: Bool,
        _ body: () throws(ServiceFailure) -> Value
    ) throws(ServiceFailure) -> Value {
        var attempt = 0
        while true {
            do throws(ServiceFailure) {
                return try body()
            } catch {
                attempt += 1
                guard attempt < attempts, error.isWorthRepeating(isIdempotent: isIdempotent) else { throw error }
            }
            usleep(UInt32(Int.random(in: 0...pause(before: attempt)) * 1000))
        }
    }

    /// The longest pause before the repetition of this number, from 1.
    func pause(before repetition: Int) -> Int { min(limit, base << min(16, repetition - 1)) }
}

extension ServiceFailure {
    private static let throttlingCodes: Set<String> = [
        "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException",
        "Throttling", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
    ]

    /// Whether the same request may fare better in a moment.
    func isWorthRepeating(isIdempotent: Bool) -> Bool {
        switch self {
        case .refused(let code, 429, _) where !code.isEmpty: true
        // Told before anything was done.
        case .refused(let code, _, _) where ServiceFailure.throttlingCodes.contains(code): true
        case .refused(_, let status, _): isIdempotent && [500, 502, 503, 504].contains(status)
        case .unreachable(.lost): isIdempotent
        // Nothing was sent. A name that is not known will not be known in a second.
        case .unreachable(.dial(.unreachable)): true
        case .unreachable, .malformed: false
        }
    }
}
