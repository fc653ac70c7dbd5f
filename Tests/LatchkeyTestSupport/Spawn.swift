// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc

/// A child process, made in the plain way: no signal blocked. (Foundation's own
/// waits for every process that inherits its descriptor, so that it never returns from something that leaves a daemon.)
struct Spawn {
    let identifier: pid_t

    /// Starts a program that is looked for in PATH; the three descriptors stay open in this process.
    ///
    /// - Throws: `HarnessError` if it cannot be started.
    init(
        _ arguments: [String],
        environment: [String: String],
        input: Int32,
        output: Int32,
        error: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [(Int32(0), input), (1, output), (2, error)] {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        // Tests run side by side in one process: what others have open is none of this one's business.
        lk_spawn_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var identifier = pid_t()
        let number = posix_spawnp(&identifier, arguments[0], &actions, &attributes, &words, &variables)
        guard number == 0 else { throw HarnessError("\(arguments): \(String(cString: strerror(number)))") }
        self.identifier = identifier
    }

    /// Waits until it ends: its status, or 128 and the number of the signal that ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}
