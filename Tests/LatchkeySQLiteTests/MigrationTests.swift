// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport
import Testing

struct MigrationTests {
    /// An Ed25519 key in SSH's wire form.
    private static let blob = "0000000b7373682d65643235353139" + "00000020" + String(repeating: "01", count: 32)

    /// The database as Latchkey 1 made it. It is written down here and not asked of the program, since it must not change.
    private static let first = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1');
        CREATE TABLE instance (id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL,
            port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535), user TEXT, keyName TEXT, created INTEGER NOT NULL) STRICT;
        CREATE TABLE instanceTag (instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE, key TEXT NOT NULL,
            value TEXT NOT NULL, PRIMARY KEY (instanceID, key)) STRICT, WITHOUT ROWID;
        CREATE INDEX instanceTagByValue ON instanceTag (key, value);
        CREATE TABLE instanceAddress (instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
            position INTEGER NOT NULL, address TEXT NOT NULL, PRIMARY KEY (instanceID, position)) STRICT, WITHOUT ROWID;
        CREATE INDEX instanceAddressByAddress ON instanceAddress (address);
        CREATE TABLE hostKey (instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE, publicKey BLOB NOT NULL,
            source TEXT NOT NULL, pinned INTEGER NOT NULL, PRIMARY KEY (instanceID, publicKey)) STRICT, WITHOUT ROWID;
        CREATE TABLE acceptedKey (instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE, user TEXT NOT NULL,
            publicKey BLOB NOT NULL, accepted INTEGER NOT NULL, PRIMARY KEY (instanceID, user)) STRICT, WITHOUT ROWID;
        CREATE TABLE keyPair (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, publicKey BLOB NOT NULL,
            fingerprint TEXT NOT NULL, origin TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
        CREATE TABLE keyPairTag (keyPairID TEXT NOT NULL REFERENCES keyPair ON DELETE CASCADE, key TEXT NOT NULL,
            value TEXT NOT NULL, PRIMARY KEY (keyPairID, key)) STRICT, WITHOUT ROWID;
        INSERT INTO instance VALUES ('i-0aaaaaaaaaaaaaaaa', 'running', 2222, 'admin', 'web', 1700000000250);
        INSERT INTO instanceTag VALUES ('i-0aaaaaaaaaaaaaaaa', 'Name', 'web-1'), ('i-0aaaaaaaaaaaaaaaa', 'env', 'prod');
        INSERT INTO instanceAddress VALUES ('i-0aaaaaaaaaaaaaaaa', 0, '10.0.0.1'), ('i-0aaaaaaaaaaaaaaaa', 1, 'web.example');
        INSERT INTO hostKey VALUES ('i-0aaaaaaaaaaaaaaaa', X'\(blob)', 'given', 5000);
        INSERT INTO acceptedKey VALUES ('i-0aaaaaaaaaaaaaaaa', 'admin', X'\(blob)', 6000);
        INSERT INTO keyPair VALUES ('key-0b', 'web', X'\(blob)', 'f', 'imported', 9000);
        INSERT INTO keyPairTag VALUES ('key-0b', 'a', 'b')
        """

    @Test func `the oldest access key of a database that knew no admins becomes one`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/store.db"
            let (first, second) = (
                AccessKey(userName: "eve", created: time(1)), AccessKey(userName: "ann", created: time(2))
            )
            let store = try SQLiteStore(path: path)
            try store.addAccessKey(second, sealedSecret: [1])
            try store.addAccessKey(first, sealedSecret: [1])
            // As version 8 had it.
            try execute(
                "ALTER TABLE accessKey DROP COLUMN isAdmin; DELETE FROM grdb_migrations WHERE identifier = '9'",
                path
            )
            let keys = try SQLiteStore(path: path).accessKeys()
            #expect(keys.filter(\.isAdmin).map(\.id) == [first.id] && keys.count == 2)
        }
    }

    @Test func `a database of the first version keeps all its rows and takes new ones`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/store.db"
            try execute(Self.first, path)
            var writer = WireWriter()
            writer.string("ssh-ed25519")
            writer.string([UInt8](repeating: 1, count: 32))
            let key = try #require(PublicKey(blob: writer.bytes))
            let instance = Instance(
                id: "i-0aaaaaaaaaaaaaaaa",
                tags: ["Name": "web-1", "env": "prod"],
                addresses: ["10.0.0.1", "web.example"],
                port: 2222,
                user: "admin",
                keyName: "web",
                hostKeys: [HostKey(key: key, source: .given, pinned: Date(timeIntervalSince1970: 5))],
                created: Date(timeIntervalSince1970: 1_700_000_000.25)
            )
            let pair = KeyPair(
                id: "key-0b",
                name: "web",
                publicKey: key,
                fingerprint: "f",
                origin: .imported,
                tags: ["a": "b"],
                created: Date(timeIntervalSince1970: 9)
            )
            for _ in 0..<2 {
                let store = try SQLiteStore(path: path)
                #expect(try store.instances() == [instance])
                #expect(try store.keyPairs() == [pair])
                #expect(try store.acceptedKey(of: instance.id, user: "admin") == key)
            }
            #expect(
                try execute("SELECT identifier FROM grdb_migrations ORDER BY 1", path) == [
                    "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9",
                ]
            )
            let store = try SQLiteStore(path: path)
            try store.add(ManagedInstance(instanceID: instance.id, machineFingerprint: "m", registered: time(0)))
            #expect(try store.managedInstances(limit: 1).elements.map(\.instanceID) == [instance.id])
            #expect(try store.liveSessions(of: "node-1").isEmpty)
        }
    }
}
