// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc

/// The terminal that this process belongs to, which one process group has at a time (POSIX, General Terminal Interface). Another
/// group can be given it for a while.
struct ControllingTerminal: ~Copyable {
    /// -1 where there is none.
    private let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    private let own = getpgrp()
    /// To which group it was given.
    private var other: pid_t?
    private var isGivenToChild = false

    deinit { if descriptor >= 0 { close(descriptor) } }

    private var isOwn: Bool { descriptor >= 0 && tcgetpgrp(descriptor) == own }

    /// Lets a process that is about to be started, with a group of its own, take it before its program runs, if this process's
    /// group has it. Given only afterwards, it might have been stopped already for want of it; and what lets it go on would
    /// take from it a signal of the keys that has come meanwhile.
    mutating func giveToChild(_ actions: inout posix_spawn_file_actions_t) {
        isGivenToChild = isOwn && lk_terminal_give_to_child(&actions, descriptor) == 0
    }

    /// That process was started, with this group, or was not.
    mutating func wasGiven(to group: pid_t?) {
        guard isGivenToChild else { return }
        // It may have got as far as to take it.
        if let group { other = group } else if !isOwn { set(own) }
    }

    /// Lets another group have it, if this process's has it.
    mutating func give(to group: pid_t) {
        guard isOwn else { return }
        other = group
        set(group)
    }

    /// Lets this process's group have it again, unless a shell has given it to yet another one meanwhile.
    func takeBack() {
        if let other, tcgetpgrp(descriptor) == other { set(own) }
    }

    /// After a signal has stopped the other group. A key that did that is meant for this process, too, and so is the terminal's
    /// own for groups that want it and do not have it: then this one is stopped as well, and returns when it goes on.
    ///
    /// - Returns: whether the other group is to go on.
    func stopTogether(by signal: Int32) -> Bool {
        guard descriptor >= 0, [SIGTSTP, SIGTTIN, SIGTTOU].contains(signal) else { return false }
        takeBack()
        if signal == SIGTSTP || !isOwn { kill(0, signal) }
        return true
    }

    /// Lets this process's group feel the key that interrupted the other.
    func interruptTogether() { if other != nil, isOwn { kill(0, SIGINT) } }

    /// Blocks SIGTTOU: otherwise the terminal stops a background process that sets this.
    private func set(_ group: pid_t) {
        var (blocked, before) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        _ = tcsetpgrp(descriptor, group)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
