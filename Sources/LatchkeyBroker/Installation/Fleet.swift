// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Does one thing to many instances, several at once.
package enum Fleet {
    /// Runs `body` for each instance on threads of its own, since libssh waits where it stands.
    ///
    /// - Parameters:
    ///   - jobs: how many at once.
    ///   - progress: called on this thread with the results so far, whenever one more has come.
    /// - Returns: the results in the order of the instances.
    /// - Throws: `fileUnusable` if the system has no thread or descriptor left.
    package static func each(
        _ instances: [Instance],
        jobs: Int,
        progress: ([KeyChange]) -> Void,
        _ body: @escaping @Sendable (Instance) -> KeyChange
    ) throws -> [KeyChange] {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LatchkeyError(.fileUnusable, "no file descriptor is left", hint: "raise the limit: ulimit -n")
        }
        defer { for end in ends { close(end) } }
        let work = Work(instances, bell: ends[1], body)
        guard let threads = Threads(min(jobs, instances.count), { work.run() }) else {
            guard !instances.isEmpty else { return [] }
            throw LatchkeyError(.fileUnusable, "no thread can be made", hint: "raise the limit: ulimit -u")
        }
        for _ in instances.indices {
            var byte: UInt8 = 0
            while read(ends[0], &byte, 1) < 0 && errno == EINTR {}
            progress(work.results.compactMap { $0 })
        }
        threads.join()
        return work.results.compactMap { $0 }
    }

    private final class Work: Sendable {
        private let instances: [Instance]
        private let bell: Int32
        private let body: @Sendable (Instance) -> KeyChange
        private let state: Mutex<(next: Int, results: [KeyChange?])>

        init(_ instances: [Instance], bell: Int32, _ body: @escaping @Sendable (Instance) -> KeyChange) {
            self.instances = instances
            self.bell = bell
            self.body = body
            state = Mutex((0, Array(repeating: nil, count: instances.count)))
        }

        var results: [KeyChange?] { state.withLock { $0.results } }

        private func next() -> Int? {
            state.withLock { state in
                guard state.next < instances.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }

        func run() {
            while let index = next() {
                let result = body(instances[index])
                state.withLock { $0.results[index] = result }
                var byte: UInt8 = 1
                while write(bell, &byte, 1) < 0 && errno == EINTR {}
            }
        }
    }
}
