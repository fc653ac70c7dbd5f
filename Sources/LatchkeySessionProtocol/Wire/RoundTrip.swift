// SPDX-License-Identifier: Apache-2.0

/// How long to wait for an acknowledgement, learnt from those that came (the estimator that the official ends use, after
/// RFC 6298 with their constants). Times are milliseconds.
struct RoundTrip: Sendable {
    private var smoothed = 100.0
    private var variation = 0.0
    private(set) var timeout = 200.0

    private static let granularity = 10.0
    private static let limit = 1000.0

    mutating func add(sample: Double) {
        variation = 0.75 * variation + 0.25 * abs(smoothed - sample)
        smoothed = 0.875 * smoothed + 0.125 * sample
        timeout = min(RoundTrip.limit, smoothed + max(RoundTrip.granularity, 4 * variation))
    }
}
