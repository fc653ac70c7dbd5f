// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyControl
import LatchkeyModel
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyServer

/// Threads for what waits for the disk.
struct WorkersTests {
    private final class Counts: Sendable {
        let done = Atomic(0)
        let refused = Atomic(0)
    }

    @Test func `so many requests wait at the most, and a read does not wait behind writes`() throws {
        let workers = Workers(threads: 1, writers: 1, limit: 1024)
        defer { workers.stop() }
        let goesOn = DispatchSemaphore(value: 0)
        let (writers, readers) = (Counts(), Counts())
        for _ in 0..<1200 {
            Task {
                do {
                    try await workers.write { goesOn.wait() }
                    writers.done.add(1, ordering: .relaxed)
                } catch let error as ServiceError where error.code == ServiceError.overloaded.code {
                    writers.refused.add(1, ordering: .relaxed)
                }
            }
        }
        try TestRelay.wait(for: "those that are too many") { writers.refused.load(ordering: .relaxed) == 176 }
        Task {
            try await workers.run {}
            readers.done.add(1, ordering: .relaxed)
        }
        try TestRelay.wait(for: "a read") { readers.done.load(ordering: .relaxed) == 1 }
        #expect(writers.done.load(ordering: .relaxed) == 0)
        for _ in 0..<1025 { goesOn.signal() }
        try TestRelay.wait(for: "the others") { writers.done.load(ordering: .relaxed) == 1024 }
        // There is room again.
        Task {
            try await workers.write { goesOn.wait() }
            writers.done.add(1, ordering: .relaxed)
        }
        try TestRelay.wait(for: "one more") { writers.done.load(ordering: .relaxed) == 1025 }
        #expect(writers.refused.load(ordering: .relaxed) == 176)
    }
}
