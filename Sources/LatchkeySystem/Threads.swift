// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Threads of the system's own, for what waits inside a C library or the kernel. They take no signals: what is meant for
/// the whole process, such as a new size of the terminal, would be lost on them.
package struct Threads: ~Copyable {
    private static let running = Atomic(0)

    /// Whether any thread is still at work that was begun here.
    package static var areRunning: Bool { running.load(ordering: .acquiring) > 0 }

    private var threads: [pthread_t] = []

    /// Runs `body` on so many threads at once, or as many of them as the system has.
    ///
    /// - Returns: nil if it has none.
    package init?(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        var (all, mask) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &mask)
        defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        for _ in 0..<count {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(Body(run: body))
            Threads.running.add(1, ordering: .relaxed)
            let number = pthread_create(
                &thread,
                nil,
                { argument in
                    if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                    Threads.running.subtract(1, ordering: .releasing)
                    return nil
                },
                argument.toOpaque()
            )
            guard number == 0 else {
                argument.release()
                Threads.running.subtract(1, ordering: .relaxed)
                break
            }
            threads.append(thread)
        }
        if threads.isEmpty { return nil }
    }

    /// Waits for all of them.
    package consuming func join() { for thread in threads { pthread_join(thread, nil) } }

    /// Lets them run on alone.
    package consuming func detach() { for thread in threads { pthread_detach(thread) } }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
