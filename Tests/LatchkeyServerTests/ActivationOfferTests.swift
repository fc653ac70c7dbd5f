// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyControl
import LatchkeyCrypto
import LatchkeyModel
import LatchkeyTestSupport
import Logging
import Testing

@testable import LatchkeyServer

/// What the metadata service gives an instance to register its agent with.
struct ActivationOfferTests {
    @Test func `an activation is given again until it was used, and is one row`() throws {
        try Scratch.with { scratch in
            try StateFile.makeFolder(scratch.latchkeyHome)
            let store = try Store(path: "\(scratch.latchkeyHome)/latchkey.db")
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let workers = Workers(threads: 1)
            defer { workers.stop() }
            let launcher = DockerLauncher(
                engine: DockerEngine(socket: "\(scratch.path)/none"),
                store: store,
                setting: DockerLauncher.Setting(metadataEndpoint: "http://x", volumes: []),
                home: "home",
                workers: workers,
                log: log,
                onStop: { _ in }
            )
            defer { launcher.finish() }
            let service = MetadataService(
                store: store,
                launcher: launcher,
                workers: workers,
                setting: MetadataService.Setting(endpoint: "https://x", authorities: "x", region: "local"),
                log: log
            )
            let now = Date()
            let instance = Instance(tags: ["Name": "web-1"], addresses: [], created: now)
            try store.add(instance)
            func changes() throws -> String {
                let script =
                    "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT id FROM activation'))"
                return try Execution.require(["python3", "-c", script, "\(scratch.latchkeyHome)/latchkey.db"]).line
            }
            let first = try service.offer(to: instance.id, at: now)
            let row = try changes()
            for _ in 0..<3 {
                let again = try service.offer(to: instance.id, at: now.addingTimeInterval(60))
                #expect(again.activation.id == first.activation.id && again.code == first.code)
            }
            #expect(try changes() == row && row.contains(first.activation.id))
            // About to expire, deleted, or used: another one takes its place.
            let late = try service.offer(to: instance.id, at: now.addingTimeInterval(840))
            #expect(late.activation.id != first.activation.id)
            try store.removeActivation(late.activation.id)
            let third = try service.offer(to: instance.id, at: now)
            #expect(third.activation.id != late.activation.id)
            _ = try store.register(
                activationID: third.activation.id,
                codeDigest: Digest.sha256(Array(third.code.utf8)),
                publicKeyDER: [1],
                machineFingerprint: "f",
                at: now
            )
            let fourth = try service.offer(to: instance.id, at: now)
            #expect(fourth.activation.id != third.activation.id)
            #expect(try changes().contains(fourth.activation.id) && !changes().contains(third.activation.id))
        }
    }
}
