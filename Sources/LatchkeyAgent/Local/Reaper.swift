// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Waits for programs whose session has gone, so that none stays a zombie, and kills those that ignore that they were
/// hung up on. Its thread lives as long as there is one.
final class Reaper: Sendable {
    static let shared = Reaper()

    private static let killDelay: Int64 = 3000

    private struct Orphan {
        let process: Int32
        let foreground: Int32
        var killAt: Int64
    }

    private struct State {
        var orphans: [Orphan] = []
        var isRunning = false
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - process: a child that has not been waited for, leader of its group and session.
    ///   - foreground: the process group in the foreground of its terminal, or `process`.
    func take(_ process: Int32, foreground: Int32) {
        let starts = state.withLock { state in
            state.orphans.append(
                Orphan(process: process, foreground: foreground, killAt: SystemClock.milliseconds() + Self.killDelay)
            )
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        var thread = pthread_t()
        let number = pthread_create(&thread, nil, { _ in Reaper.shared.run() }, nil)
        if number == 0 { pthread_detach(thread) } else { state.withLock { $0.isRunning = false } }
    }

    /// Whether there is no such program left.
    var isIdle: Bool { state.withLock { $0.orphans.isEmpty } }

    private func run() -> UnsafeMutableRawPointer? {
        while state.withLock({ Self.refresh(&$0) }) { usleep(20_000) }
        return nil
    }

    private static func refresh(_ state: inout State) -> Bool {
        state.orphans.removeAll { orphan in
            var (status, signal): (Int32, Int32) = (0, 0)
            return lk_reap(orphan.process, &status, &signal) != 0
        }
        let now = SystemClock.milliseconds()
        for index in state.orphans.indices where state.orphans[index].killAt <= now {
            let orphan = state.orphans[index]
            // While its leader has not been waited for, the session's number cannot be reused; the foreground group may
            // have ended since.
            if orphan.foreground != orphan.process, getsid(orphan.foreground) == orphan.process {
                kill(-orphan.foreground, SIGKILL)
            }
            kill(-orphan.process, SIGKILL)
            // Once more later: what cannot be interrupted in the kernel is waited for.
            state.orphans[index].killAt = now + killDelay
        }
        state.isRunning = !state.orphans.isEmpty
        return state.isRunning
    }
}
