// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeySQLite

/// A store for a server during a write.
struct BusyStoreTests {
    /// Runs `body` while another connection, or another thread of the same store, is in the middle of writing.
    private func whileWriting(to store: SQLiteStore, _ body: () throws -> Void) throws {
        let (begun, goesOn, ended) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        Thread.detachNewThread {
            _ = try? store.write { _ in
                begun.signal()
                goesOn.wait()
            }
            ended.signal()
        }
        begun.wait()
        defer {
            goesOn.signal()
            ended.wait()
        }
        try body()
    }

    @Test(arguments: [false, true]) func `a read does not wait for a write, and a write waits until its deadline`(
        isSameProcess: Bool
    ) throws {
        try withStore { other, path in
            let store = try SQLiteStore(path: path, isForServer: true)
            let instance = Instance(tags: ["Name": "web-1"], addresses: [], created: time(0))
            try store.add(instance)
            let signers = KnownSigners(store)
            _ = try signers.refresh()
            try whileWriting(to: isSameProcess ? store : other) { () throws in
                #expect(try store.instance(named: "web-1").id == instance.id)
                #expect(try store.managedInstance(instance.id) == nil)
                #expect(signers.currentUser("AKIA") == nil)
                #expect(try !signers.refresh())
                let deadline = SystemClock.milliseconds() + 300
                let failure = code {
                    try WriteDeadline.$current.withValue(deadline) {
                        try store.tag(instance.id, set: ["a": "b"], remove: [])
                    }
                }
                #expect(failure == .storeBusy)
                #expect(SystemClock.milliseconds() >= deadline)
            }
            try store.tag(instance.id, set: ["a": "b"], remove: [])
            #expect(try other.instance(named: "web-1").tags["a"] == "b")
        }
    }

    @Test func `many threads read and write at once`() throws {
        try withStore { _, path in
            let store = try SQLiteStore(path: path, isForServer: true)
            let instance = Instance(tags: ["Name": "web-1"], addresses: [], created: time(0))
            try store.add(instance)
            DispatchQueue.concurrentPerform(iterations: 16) { number in
                for round in 0..<20 {
                    #expect(throws: Never.self) {
                        _ = try store.instance(named: "web-1")
                        try store.tag(instance.id, set: ["key-\(number)": "\(round)"], remove: [])
                    }
                }
            }
            #expect(try store.instance(named: "web-1").tags.count == 17)
        }
    }
}
