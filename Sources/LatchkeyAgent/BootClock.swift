// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A time that means the same to all processes of this machine until it is started again, whatever becomes of the calendar's
/// clock, and goes on while the machine sleeps.
struct BootClock: Equatable {
    /// Which start of the machine it counts from.
    let boot: String
    let milliseconds: Int64

    static func now() -> BootClock {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return BootClock(
            boot: SystemFile.lines("/proc/sys/kernel/random/boot_id").first ?? "",
            milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
        )
    }
}
