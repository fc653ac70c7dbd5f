// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import LatchkeyOperations
@testable import LatchkeyServer

/// Threads for what waits for the disk.
struct BlockingPoolTests {
    private final class Counts: Sendable {
        let done = Atomic(0)
        let refused = Atomic(0)
    }

    /// Without a thread that waits: other tests may have all those on which tasks run.
    @Test(.timeLimit(.minutes(10)))
    func `so many requests wait at the most, and a read does not wait behind writes`() async throws {
        let pool = BlockingPool(threads: 1, writers: 1, limit: 1024)
        defer { pool.stop() }
        let goesOn = DispatchSemaphore(value: 0)
        let counts = Counts()
        let writes = (0..<1200)
            .map { _ in
                Task {
                    do {
                        try await pool.write { goesOn.wait() }
                        counts.done.add(1, ordering: .relaxed)
                    } catch let error as ServiceError where error.code == ServiceError.overloaded.code {
                        counts.refused.add(1, ordering: .relaxed)
                    }
                }
            }
        while counts.refused.load(ordering: .relaxed) < 176 { try await Task.sleep(for: .milliseconds(10)) }
        let read = try await pool.run { 7 }
        #expect(read == 7)
        #expect(counts.done.load(ordering: .relaxed) == 0)
        for _ in 0..<1024 { goesOn.signal() }
        for write in writes { try await write.value }
        #expect(counts.done.load(ordering: .relaxed) == 1024 && counts.refused.load(ordering: .relaxed) == 176)
        // There is room again.
        let written = try await pool.write { 8 }
        #expect(written == 8)
    }
}
