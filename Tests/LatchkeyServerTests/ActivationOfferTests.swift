// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import LatchkeyModel
import LatchkeySQLite
import LatchkeySystem
import LatchkeyTestSupport
import Logging
import Testing

@testable import LatchkeyLaunching
@testable import LatchkeyOperations
@testable import LatchkeyServer

/// What the metadata service gives an instance to register its agent with.
struct ActivationOfferTests {
    private static func with(_ body: (Scratch, SQLiteStore, MetadataService) throws -> Void) throws {
        try Scratch.with { scratch in
            try StateFile.makeFolder(scratch.latchkeyHome)
            let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let pool = BlockingPool(threads: 1)
            defer { pool.stop() }
            let launcher = DockerLauncher(
                engine: DockerEngine(socket: "\(scratch.path)/none"),
                store: store,
                setting: DockerLauncher.Setting(metadataEndpoint: "http://x", volumes: []),
                home: "home",
                pool: pool,
                log: log,
                onStop: { _ in }
            )
            defer { launcher.finish() }
            let service = MetadataService(
                store: store,
                launcher: launcher,
                pool: pool,
                setting: MetadataService.Setting(endpoint: "https://x", authorities: "x", region: "local"),
                log: log
            )
            try body(scratch, store, service)
        }
    }

    @Test func `an activation is given again until it was used, and is one row`() throws {
        try Self.with { scratch, store, service in
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
    /// A tag's key may be anything; in a path not everything can stand (EC2 User Guide, "View tags using instance metadata").
    @Test func `paths are percent-decoded, and keys that can be none are left out`() throws {
        try Self.with { _, store, service in
            let told = ["Name": "web-1", "team:a": "x", "a+b": "y", "c=d,e.f@g_h-i": "z"]
            let odd = [
                "..": "1", ".": "2", "_index": "3", "a/b": "4", "a b": "5", "\u{e9}": "6", "a\nb": "7", "%41": "8",
            ]
            let tags = told.merging(odd) { $1 }
            let instance = Instance(id: "i-0a", tags: tags, addresses: [], created: Date())
            let record = LaunchRecord(
                instanceID: "i-0a",
                imageID: "ami-1",
                instanceType: "t3.micro",
                launched: Date(),
                stateChanged: Date()
            )
            try store.launch([(instance, record)], userData: Array("hello".utf8))
            func ask(_ path: String) throws -> String? {
                try service.answer("/latest/\(path)", "i-0a", "10.0.0.1").map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(try ask("meta-data/tags/instance/") == told.keys.sorted().joined(separator: "\n"))
            #expect(try ask("meta-data/tags/instance/team%3Aa") == "x" && ask("meta-data/tags/instance/team:a") == "x")
            #expect(try ask("meta-data/tags/instance/a%2Bb") == "y" && ask("meta-data/tags/instance/a+b") == "y")
            #expect(try ask("%6Deta-data/instance%2Did") == "i-0a" && ask("user%2Ddata") == "hello")
            for path in [
                "meta-data/tags/instance/a%20b", "meta-data/tags/instance/%2541", "meta-data/%zz", "meta-data/%FF",
            ] {
                #expect(try ask(path) == nil, "\(path)")
            }
        }
    }
}
