// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

extension LocalProcess {
    /// Becomes readable when there is reason to call ``ending()``, and stays so after the end. -1, which poll ignores, if
    /// the system had no descriptor left: then ``ending()`` is to be asked from time to time.
    package var exitDescriptor: Int32 { exit.descriptor }

    /// How the program ended, or nil while it runs. To be asked whenever ``exitDescriptor`` is readable: reading ends in
    /// time only after an end that was noticed here.
    package mutating func ending() -> Ending? {
        if let end { return end.how }
        var (status, signal): (Int32, Int32) = (0, 0)
        switch lk_reap(identifier, &status, &signal) {
        case 0:
            exit.rearm()
            return nil
        case 1:
            let how: Ending = signal > 0 ? .signalled(signal) : .exited(status)
            end = (how, SystemClock.milliseconds())
            return how
        default:
            // Something else in this process has waited for it. How it ended is unknown, but it did.
            end = (.exited(255), SystemClock.milliseconds())
            return .exited(255)
        }
    }

    /// Sends a signal to the program's process group; with a terminal to the group in its foreground, as a key would.
    ///
    /// - Returns: whether there was a process to send it to.
    @discardableResult
    package mutating func signal(_ number: Int32) -> Bool {
        // Once the program was waited for, its number may be another's.
        guard ending() == nil else { return false }
        return kill(-foreground, number) == 0
    }

    /// The process group that keys reach.
    private var foreground: Int32 {
        guard hasTerminal else { return identifier }
        // On the master a process outside the session may ask this.
        let group = tcgetpgrp(input)
        return group > 1 ? group : identifier
    }

    /// Ends what runs, without waiting for it; if it has ended by itself, its background is left alone.
    func hangUp() {
        var (status, signal): (Int32, Int32) = (0, 0)
        guard lk_reap(identifier, &status, &signal) == 0 else { return }
        let foreground = foreground
        for group in Set([identifier, foreground]) {
            kill(-group, SIGHUP)
            kill(-group, SIGCONT)
        }
        Reaper.shared.take(identifier, foreground: foreground)
    }
}
