// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The shape of the database and how it came about. A migration that was released is never changed.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            // Times are milliseconds since 1970 in UTC; public keys are in SSH's wire form.
            try database.execute(
                sql: """
                    CREATE TABLE instance (
                        id TEXT PRIMARY KEY NOT NULL,
                        state TEXT NOT NULL,
                        port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
                        user TEXT,
                        keyName TEXT,
                        created INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE instanceTag (
                        instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
                        key TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (instanceID, key)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX instanceTagByValue ON instanceTag (key, value);
                    CREATE TABLE instanceAddress (
                        instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
                        position INTEGER NOT NULL,
                        address TEXT NOT NULL,
                        PRIMARY KEY (instanceID, position)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX instanceAddressByAddress ON instanceAddress (address);
                    CREATE TABLE hostKey (
                        instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
                        publicKey BLOB NOT NULL,
                        source TEXT NOT NULL,
                        pinned INTEGER NOT NULL,
                        PRIMARY KEY (instanceID, publicKey)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE acceptedKey (
                        instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
                        user TEXT NOT NULL,
                        publicKey BLOB NOT NULL,
                        accepted INTEGER NOT NULL,
                        PRIMARY KEY (instanceID, user)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE keyPair (
                        id TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL UNIQUE,
                        publicKey BLOB NOT NULL,
                        fingerprint TEXT NOT NULL,
                        origin TEXT NOT NULL,
                        created INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE keyPairTag (
                        keyPairID TEXT NOT NULL REFERENCES keyPair ON DELETE CASCADE,
                        key TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (keyPairID, key)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        return migrator
    }
}
