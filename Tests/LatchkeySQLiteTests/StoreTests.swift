// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyTestSupport
import Testing

struct StoreTests {
    private func instance(_ name: String, id: String? = nil, tags: Tags = [:], state: InstanceState = .running)
        -> Instance
    {
        Instance(
            id: id ?? Identifier.make(prefix: "i-"),
            tags: tags.merging(["Name": name]) { $1 },
            state: state,
            addresses: ["10.0.0.1", "\(name).example"],
            port: 2222,
            user: "admin",
            keyName: "web",
            created: Date(timeIntervalSince1970: 1_700_000_000.25)
        )
    }

    private func publicKey(_ byte: UInt8) throws -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string([UInt8](repeating: byte, count: 32))
        return try #require(PublicKey(blob: writer.bytes))
    }

    @Test func `an instance comes back as it was added`() throws {
        try withStore { store, path in
            var added = instance("web-1", tags: ["env": "prod"])
            added.hostKeys = [HostKey(key: try publicKey(1), source: .given, pinned: Date(timeIntervalSince1970: 5))]
            try store.add(added)
            #expect(try store.instances() == [added])
            #expect(try SQLiteStore(path: path).instance(named: "web-1") == added)
        }
    }

    @Test func `selectors find by id, name, address, tag and unique prefix`() throws {
        try withStore { store, _ in
            let web = instance("web-1", id: "i-0aaaaaaaaaaaaaaaa", tags: ["env": "prod"])
            let database = instance("db-1", id: "i-0bbbbbbbbbbbbbbbb", tags: ["env": "prod"])
            try store.add(web)
            try store.add(database)
            for selector in [web.id, "web-1", "web", "i-0a", "web-1.example"] {
                #expect(try store.instance(named: selector).id == web.id, "\(selector)")
            }
            #expect(code { _ = try store.instance(named: "tag:env=prod") } == .instanceAmbiguous)
            #expect(code { _ = try store.instance(named: "i-0") } == .instanceAmbiguous)
            #expect(code { _ = try store.instance(named: "10.0.0.1") } == .instanceAmbiguous)
            #expect(code { _ = try store.instance(named: "we%") } == .instanceNotFound)
            #expect(code { _ = try store.instance(named: "_eb-1") } == .instanceNotFound)
        }
    }

    @Test func `an exact name wins over a longer one that begins so`() throws {
        try withStore { store, _ in
            try store.add(instance("web"))
            try store.add(instance("web-1"))
            #expect(try store.instance(named: "web").name == "web")
            #expect(code { _ = try store.instance(named: "we") } == .instanceAmbiguous)
        }
    }

    @Test func `terminated instances are out of the way`() throws {
        try withStore { store, _ in
            let gone = instance("web-1", state: .terminated)
            try store.add(gone)
            #expect(try store.instance(named: gone.id) == gone)
            // A list shows it, so it goes by its name, but by no more.
            #expect(try store.instance(named: "web-1") == gone)
            for selector in ["web", "web-1.example", "tag:Name=web-1"] {
                #expect(code { _ = try store.instance(named: selector) } == .instanceNotFound, "\(selector)")
            }
            let other = instance("web-1-b")
            try store.add(other)
            #expect(try store.instance(named: "web-1") == other)
        }
    }

    @Test func `a name is given once, but a tag may make it two, and then neither is taken`() throws {
        try withStore { store, _ in
            let second = instance("web-2")
            try store.add(instance("web-1"))
            try store.add(second)
            #expect(code { try store.add(instance("web-1")) } == .instanceExists)
            try store.tag(second.id, set: ["Name": "web-1"], remove: [])
            #expect(code { _ = try store.instance(named: "web-1") } == .instanceAmbiguous)
        }
    }

    @Test func `a slip of the finger is answered with the names that are near`() throws {
        try withStore { store, _ in
            for name in ["web-1", "web-2", "Worker", "db"] { try store.add(instance(name)) }
            #expect(try store.similarNames(to: "wbe-1").first == "web-1")
            #expect(try store.similarNames(to: "worker") == ["Worker"])
            #expect(try store.similarNames(to: "zzz").isEmpty)
        }
    }

    @Test func `tags are set and removed, host keys pinned and replaced`() throws {
        try withStore { store, _ in
            let web = instance("web-1", tags: ["a": "1"])
            try store.add(web)
            try store.tag(web.id, set: ["b": "2", "Name": "renamed"], remove: ["a"])
            let key = HostKey(key: try publicKey(1), source: .confirmed, pinned: Date(timeIntervalSince1970: 1))
            try store.pinHostKeys([key], for: web.id)
            try store.pinHostKeys([HostKey(key: key.key, source: .firstUse, pinned: Date())], for: web.id)
            let read = try store.instance(named: "renamed")
            #expect(read.tags == ["b": "2", "Name": "renamed"])
            #expect(read.hostKeys == [key])
            let other = HostKey(key: try publicKey(2), source: .confirmed, pinned: Date())
            #expect(code { try store.pinHostKeys([other], for: web.id) } == .hostKeyChanged)
            try store.replaceHostKeys([], for: web.id)
            #expect(try store.instance(named: "renamed").hostKeys.isEmpty)
        }
    }

    @Test func `removing an instance removes all that hangs on it`() throws {
        try withStore { store, path in
            let web = instance("web-1")
            try store.add(web)
            try store.noteAcceptedKey(try publicKey(2), of: web.id, user: "admin", at: Date())
            #expect(try store.acceptedKey(of: web.id, user: "admin") == publicKey(2))
            try store.removeInstance(web.id)
            let left = try Execution.require([
                "python3", "-c",
                """
                import sqlite3
                c = sqlite3.connect('\(path)')
                print(sum(c.execute('select count(*) from ' + t).fetchone()[0] for t in
                    ['instance', 'instanceTag', 'instanceAddress', 'hostKey', 'acceptedKey']))
                """,
            ])
            #expect(left.line == "0")
        }
    }

    /// One that nobody can read is in nobody's way who asks for another.
    @Test func `key pairs are found by name and id without a look at the others`() throws {
        try withStore { store, path in
            let key = try publicKey(3)
            for name in ["a", "b", "c"] {
                _ = try store.addKeyPair(named: name) {
                    KeyPair(
                        id: "key-\(name)",
                        name: name,
                        publicKey: key,
                        fingerprint: "f",
                        origin: .imported,
                        tags: ["of": name],
                        created: time(0)
                    )
                }
            }
            try execute("UPDATE keyPair SET publicKey = X'00' WHERE name = 'c'", path)
            #expect(throws: LatchkeyError.self) { try store.keyPairs() }
            func names(_ names: [String], _ ids: [String]) throws -> [String] {
                try store.keyPairs(named: names, withIDs: ids).map { "\($0.name)=\($0.tags["of"] ?? "")" }
            }
            #expect(try names(["b"], []) == ["b=b"] && names([], ["key-a"]) == ["a=a"])
            #expect(try names(["b", "b", "none"], ["key-a", "key-b", "b"]) == ["a=a", "b=b"])
            #expect(try names([], []) == [])
        }
    }

    @Test func `a key pair is registered once and whole`() throws {
        try withStore { store, _ in
            func make() throws -> KeyPair {
                KeyPair(
                    name: "web",
                    publicKey: try publicKey(3),
                    fingerprint: "f",
                    origin: .imported,
                    tags: ["a": "b"],
                    created: Date(timeIntervalSince1970: 9)
                )
            }
            let pair = try store.addKeyPair(named: "web", make)
            #expect(try store.keyPair(named: "web") == pair)
            #expect(code { _ = try store.addKeyPair(named: "web", make) } == .keyExists)
            struct Refusal: Error {}
            #expect(throws: Refusal.self) { try store.addKeyPair(named: "other") { throw Refusal() } }
            #expect(try store.keyPairs() == [pair])
        }
    }

    @Test func `a database of a newer version is left alone`() throws {
        try withStore { _, path in
            try Execution.require([
                "python3", "-c",
                """
                import sqlite3
                c = sqlite3.connect('\(path)')
                c.execute("insert into grdb_migrations values ('from the future')")
                c.commit()
                """,
            ])
            #expect(code { _ = try SQLiteStore(path: path) } == .storeNewer)
        }
    }

    @Test func `a damaged database is told, not rebuilt`() throws {
        try Scratch.with { scratch in
            let path = try scratch.write("store.db", String(repeating: "not a database ", count: 500))
            let before = try scratch.read(path)
            #expect(code { _ = try SQLiteStore(path: path) } == .storeDamaged)
            #expect(try scratch.read(path) == before)
        }
    }

    @Test func `a page that was overwritten is told`() throws {
        try withStore { store, path in
            for number in 0..<500 { try store.add(instance("web-\(number)")) }
            try Execution.require([
                "python3", "-c",
                """
                import os, sqlite3
                sqlite3.connect('\(path)').execute('pragma wal_checkpoint(truncate)')
                with open('\(path)', 'r+b') as f:
                    f.seek(4096)
                    f.write(os.urandom(os.path.getsize('\(path)') - 4096))
                """,
            ])
            #expect(code { _ = try SQLiteStore(path: path).instances() } == .storeDamaged)
        }
    }

    @Test func `the file is for its owner alone`() throws {
        try withStore { store, path in
            try store.add(instance("web-1"))
            for file in [path, path + "-wal"] {
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
        }
    }

    @Test func `processes that make and write the store at once lose nothing`() throws {
        try Scratch.with { scratch in
            let script = """
                for n in $(seq 1 10); do
                    "$0" instance add "$1-$n" --address 10.0.0.1 >/dev/null || exit 1
                done
                """
            let writers = ["a", "b", "c", "d", "e", "f"].map { "sh -c '\(script)' \(Scratch.program) \($0) &" }
                .joined(separator: "\n")
            let waiting = "\(writers)\nwait"
            try Execution.require(["bash", "-c", waiting], environment: scratch.environment)
            let listed = try scratch.latchkey("instance", "list", "--quiet")
            #expect(listed.text.split(separator: "\n").count == 60)
        }
    }
}
