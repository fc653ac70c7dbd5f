// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// The signals by which a service is told to stop.
enum StopSignals {
    /// Has `body` run once, in a thread of its own, when one of them comes. To be called before other threads are begun.
    ///
    /// - Throws: `configurationInvalid` if the system has no thread left.
    static func handle(_ body: @escaping @Sendable () -> Void) throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        // Ignored ones stay so, as nohup(1) has it.
        for number in [SIGTERM, SIGINT, SIGHUP] where !isIgnored(number) { sigaddset(&signals, number) }
        // Whatever waits in this thread goes on undisturbed; the other threads take no signals anyway.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let awaited = signals
        let thread = Threads(1) {
            var (signals, number) = (awaited, Int32(0))
            while sigwait(&signals, &number) != 0 {}
            body()
        }
        guard let thread else { throw LatchkeyError(.configurationInvalid, "this machine has no thread left") }
        thread.detach()
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
