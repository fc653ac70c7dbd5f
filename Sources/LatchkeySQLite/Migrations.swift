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
        migrator.registerMigration("2") { database in
            // Histories outlive what they speak of: neither an activation that is deleted nor an instance that is removed
            // takes along what was done with it. Only the agent's side of an instance goes with the instance.
            //
            // A session moves from one partial index to the others when it ends, so that those that are alive are found
            // without their history, and a page of history is a range however long it grows.
            try database.execute(
                sql: """
                    CREATE TABLE accessKey (
                        id TEXT PRIMARY KEY NOT NULL,
                        userName TEXT NOT NULL,
                        sealedSecret BLOB NOT NULL,
                        created INTEGER NOT NULL,
                        lastUsed INTEGER
                    ) STRICT;
                    CREATE TABLE activation (
                        id TEXT PRIMARY KEY NOT NULL,
                        codeDigest BLOB NOT NULL CHECK (length(codeDigest) = 32),
                        description TEXT,
                        defaultInstanceName TEXT,
                        iamRole TEXT,
                        registrationLimit INTEGER NOT NULL,
                        registrationsCount INTEGER NOT NULL CHECK (registrationsCount BETWEEN 0 AND registrationLimit),
                        expiration INTEGER NOT NULL,
                        created INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX activationByCreated ON activation (created, id);
                    CREATE TABLE activationTag (
                        activationID TEXT NOT NULL REFERENCES activation ON DELETE CASCADE,
                        key TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (activationID, key)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE managedInstance (
                        instanceID TEXT PRIMARY KEY NOT NULL REFERENCES instance ON DELETE CASCADE,
                        publicKey BLOB NOT NULL,
                        machineFingerprint TEXT NOT NULL,
                        activationID TEXT,
                        registered INTEGER NOT NULL,
                        lastPing INTEGER,
                        agentName TEXT,
                        agentVersion TEXT,
                        platformName TEXT,
                        platformType TEXT,
                        platformVersion TEXT,
                        ipAddress TEXT,
                        computerName TEXT
                    ) STRICT;
                    CREATE INDEX managedInstanceByRegistered ON managedInstance (registered, instanceID);
                    CREATE INDEX managedInstanceByActivation ON managedInstance (activationID, registered, instanceID);
                    CREATE TABLE session (
                        id TEXT PRIMARY KEY NOT NULL,
                        target TEXT NOT NULL,
                        owner TEXT NOT NULL,
                        documentName TEXT NOT NULL,
                        reason TEXT,
                        parameters TEXT NOT NULL,
                        status TEXT NOT NULL,
                        started INTEGER NOT NULL,
                        ended INTEGER,
                        details TEXT,
                        maxDuration INTEGER,
                        user TEXT,
                        CHECK ((status IN ('Terminated', 'Failed')) = (ended IS NOT NULL))
                    ) STRICT;
                    CREATE INDEX sessionAlive ON session (started, id) WHERE ended IS NULL;
                    CREATE INDEX sessionByStarted ON session (started, id) WHERE ended IS NOT NULL;
                    CREATE INDEX sessionByTarget ON session (target, started, id) WHERE ended IS NOT NULL;
                    CREATE INDEX sessionByOwner ON session (owner, started, id) WHERE ended IS NOT NULL;
                    CREATE INDEX sessionByStatus ON session (status, started, id) WHERE ended IS NOT NULL;
                    """
            )
        }
        migrator.registerMigration("3") { database in
            // What EC2 says of an instance that was launched here, and what its container is. An instance that was added, or
            // registered itself, has no row. A pushed key is good until it expires, and goes with its instance.
            //
            // The indexes of instance hold the id at their end, so that a filter gives its matches in the order of pages.
            try database.execute(
                sql: """
                    CREATE TABLE launch (
                        instanceID TEXT PRIMARY KEY NOT NULL REFERENCES instance ON DELETE CASCADE,
                        reservationID TEXT NOT NULL,
                        launchIndex INTEGER NOT NULL,
                        imageID TEXT NOT NULL,
                        instanceType TEXT NOT NULL,
                        launched INTEGER NOT NULL,
                        clientToken TEXT,
                        requestDigest BLOB,
                        container TEXT,
                        stateReasonCode TEXT,
                        stateReasonMessage TEXT,
                        stateChanged INTEGER NOT NULL,
                        userData BLOB,
                        CHECK ((stateReasonCode IS NULL) = (stateReasonMessage IS NULL)),
                        CHECK ((clientToken IS NULL) = (requestDigest IS NULL))
                    ) STRICT;
                    CREATE INDEX launchByReservation ON launch (reservationID, launchIndex);
                    CREATE INDEX launchByImage ON launch (imageID, instanceID);
                    CREATE INDEX launchByType ON launch (instanceType, instanceID);
                    CREATE INDEX launchByClientToken ON launch (clientToken, launchIndex) WHERE clientToken IS NOT NULL;
                    CREATE INDEX instanceByState ON instance (state, id);
                    CREATE INDEX instanceByKeyName ON instance (keyName, id) WHERE keyName IS NOT NULL;
                    CREATE TABLE pushedKey (
                        instanceID TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
                        user TEXT NOT NULL,
                        publicKey BLOB NOT NULL,
                        expires INTEGER NOT NULL,
                        PRIMARY KEY (instanceID, user, publicKey)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX pushedKeyByExpires ON pushedKey (expires);
                    ALTER TABLE activation ADD COLUMN instanceID TEXT REFERENCES instance ON DELETE CASCADE;
                    CREATE INDEX activationByInstance ON activation (instanceID) WHERE instanceID IS NOT NULL;
                    """
            )
        }
        migrator.registerMigration("4") { database in
            // About instances that another control plane knows, which have no row here.
            try database.execute(
                sql: """
                    CREATE TABLE remoteHostKey (
                        instanceID TEXT NOT NULL,
                        publicKey BLOB NOT NULL,
                        source TEXT NOT NULL,
                        pinned INTEGER NOT NULL,
                        PRIMARY KEY (instanceID, publicKey)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE remoteAcceptedKey (
                        instanceID TEXT NOT NULL,
                        user TEXT NOT NULL,
                        publicKey BLOB NOT NULL,
                        accepted INTEGER NOT NULL,
                        PRIMARY KEY (instanceID, user)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("5") { database in
            // Who pushed a key, which is let in only as long as that access key is there. Nil from an older version.
            try database.execute(sql: "ALTER TABLE pushedKey ADD COLUMN accessKeyID TEXT")
        }
        migrator.registerMigration("6") { database in
            // What names look like, where that is not the name itself. A row whose name is not its instance's any more says
            // nothing.
            try database.execute(
                sql: """
                    CREATE TABLE nameSkeleton (
                        instanceID TEXT PRIMARY KEY NOT NULL REFERENCES instance ON DELETE CASCADE,
                        name TEXT NOT NULL,
                        skeleton TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX nameSkeletonBySkeleton ON nameSkeleton (skeleton);
                    """
            )
            let names = try Row.fetchCursor(
                database,
                sql: "SELECT instanceID, value FROM instanceTag WHERE key = 'Name'"
            )
            while let row = try names.next() { try SQLiteStore.noteSkeleton(of: row[1], row[0], database) }
        }
        migrator.registerMigration("7") { database in
            // Scripts that were sent to instances, and what became of each. The deadline is when an invocation that has not ended
            // counts as one that never will: while it is pending that of its delivery, later that of its end.
            try database.execute(
                sql: """
                    CREATE TABLE command (
                        id TEXT PRIMARY KEY NOT NULL,
                        documentName TEXT NOT NULL,
                        comment TEXT,
                        parameters TEXT NOT NULL,
                        instanceIDs TEXT NOT NULL,
                        targets TEXT NOT NULL,
                        requested INTEGER NOT NULL,
                        deliveryTimeout INTEGER NOT NULL,
                        maxConcurrency TEXT NOT NULL,
                        maxErrors TEXT NOT NULL,
                        owner TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX commandByRequested ON command (requested, id);
                    CREATE TABLE commandInvocation (
                        commandID TEXT NOT NULL REFERENCES command ON DELETE CASCADE,
                        instanceID TEXT NOT NULL,
                        status TEXT NOT NULL,
                        deadline INTEGER NOT NULL,
                        code INTEGER,
                        output TEXT NOT NULL DEFAULT '',
                        error TEXT NOT NULL DEFAULT '',
                        started INTEGER,
                        ended INTEGER,
                        PRIMARY KEY (commandID, instanceID)
                    ) STRICT;
                    CREATE INDEX commandInvocationByInstance ON commandInvocation (instanceID, commandID);
                    CREATE INDEX commandInvocationAlive ON commandInvocation (instanceID) WHERE ended IS NULL;
                    """
            )
        }
        migrator.registerMigration("8") { database in
            // What a launch was asked for besides, as its service wrote it, and the tags of the volume, which few ask for.
            try database.execute(
                sql: """
                    ALTER TABLE launch ADD COLUMN options TEXT;
                    ALTER TABLE launch ADD COLUMN volumeTags TEXT;
                    """
            )
        }
        migrator.registerMigration("9") { database in
            // Whether an access key opens other users' sessions. The first one was made together with the server.
            try database.execute(
                sql: """
                    ALTER TABLE accessKey ADD COLUMN isAdmin INTEGER NOT NULL DEFAULT 0;
                    UPDATE accessKey SET isAdmin = 1
                        WHERE id = (SELECT id FROM accessKey ORDER BY created, id LIMIT 1);
                    """
            )
        }
        migrator.registerMigration("10") { database in
            // The node that a session's channels are connected to. Nil from an older version, of which one alone served a home.
            try database.execute(sql: "ALTER TABLE session ADD COLUMN node TEXT")
        }
        migrator.registerMigration("11") { database in
            // Sign-ins to the console, and the links that open one, by what shows them.
            try database.execute(
                sql: """
                    CREATE TABLE consoleSession (
                        id TEXT PRIMARY KEY NOT NULL,
                        accessKeyID TEXT NOT NULL REFERENCES accessKey (id) ON DELETE CASCADE,
                        tokenDigest BLOB NOT NULL UNIQUE,
                        created INTEGER NOT NULL,
                        expires INTEGER NOT NULL,
                        lastUsed INTEGER NOT NULL,
                        sourceAddress TEXT,
                        userAgent TEXT
                    ) STRICT;
                    CREATE INDEX consoleSessionByAccessKey ON consoleSession (accessKeyID);
                    CREATE TABLE consoleLink (
                        codeDigest BLOB PRIMARY KEY NOT NULL,
                        accessKeyID TEXT NOT NULL REFERENCES accessKey (id) ON DELETE CASCADE,
                        expires INTEGER NOT NULL
                    ) STRICT;
                    """
            )
        }
        return migrator
    }
}
