// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The system's two clocks.
package enum SystemClock {
    /// Microseconds on a clock that never jumps.
    package static func microseconds() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Milliseconds on a clock that never jumps.
    package static func milliseconds() -> Int64 { microseconds() / 1000 }

    /// Seconds on a clock that never jumps.
    package static func seconds() -> Int { Int(microseconds() / 1_000_000) }

    /// Milliseconds since 1970 in UTC, as far as this machine knows.
    package static func wallMilliseconds() -> Int64 { read(CLOCK_REALTIME) / 1000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}
