// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func register(
        activationID: Activation.ID,
        codeDigest: [UInt8],
        publicKeyDER: [UInt8],
        machineFingerprint: String,
        joins: Bool = false,
        at date: Date
    ) throws -> Instance {
        try write { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT * FROM activation WHERE id = ?",
                arguments: [activationID]
            )
            guard let row, ConstantTime.equal([UInt8](row["codeDigest"] as Data), codeDigest) else {
                throw LatchkeyError.activationInvalid()
            }
            let activation = try SQLiteStore.activation(row, database)
            if activation.isExpired(at: date) { throw LatchkeyError.activationExpired() }
            if let known = try SQLiteStore.unused(activationID, publicKeyDER, machineFingerprint, database) {
                return known
            }
            try database.execute(
                sql: """
                    UPDATE activation SET registrationsCount = registrationsCount + 1
                    WHERE id = ? AND registrationsCount < registrationLimit
                    """,
                arguments: [activationID]
            )
            guard database.changesCount == 1 else {
                throw LatchkeyError.activationExhausted(limit: activation.registrationLimit)
            }
            var tags = activation.tags
            // A name belongs to one instance, so a tag has no better right to it than the default.
            tags[Tags.nameKey] =
                try [activation.defaultInstanceName, tags[Tags.nameKey]]
                .first { try SQLiteStore.isFree($0, database) } ?? nil
            // As it will be read.
            let now = Date(milliseconds: date.milliseconds)
            let instance: Instance
            if let id = activation.instanceID {
                instance = try SQLiteStore.launched(id, database)
                try database.execute(sql: "DELETE FROM managedInstance WHERE instanceID = ?", arguments: [id])
            } else if joins, activation.registrationLimit == 1, let name = activation.defaultInstanceName,
                let known = try SQLiteStore.agentless(named: name, database)
            {
                instance = known
            } else {
                instance = Instance(
                    id: Identifier.make(prefix: Identifier.managedInstancePrefix),
                    tags: tags,
                    addresses: [],
                    created: now
                )
                try SQLiteStore.insert(instance, database)
            }
            try SQLiteStore.insert(
                ManagedInstance(
                    instanceID: instance.id,
                    publicKeyDER: publicKeyDER,
                    machineFingerprint: machineFingerprint,
                    activationID: activationID,
                    registered: now
                ),
                database
            )
            return instance
        }
    }

    /// The instance that was registered with this activation by the machine with this key, if its agent was never heard of.
    /// Copies of a machine may share the key, though not the fingerprint.
    private static func unused(
        _ activationID: Activation.ID,
        _ publicKeyDER: [UInt8],
        _ machineFingerprint: String,
        _ database: Database
    ) throws -> Instance? {
        let id = try String.fetchOne(
            database,
            sql: """
                SELECT instanceID FROM managedInstance
                WHERE activationID = ? AND publicKey = ? AND machineFingerprint = ? AND lastPing IS NULL
                """,
            arguments: [activationID, Data(publicKeyDER), machineFingerprint]
        )
        return try id.flatMap { try fetch([$0], database).first }
    }

    /// The launched instance that an activation is for, tags and name being its own already.
    private static func launched(_ id: Instance.ID, _ database: Database) throws -> Instance {
        guard let instance = try fetch([id], database).first, ![.shuttingDown, .terminated].contains(instance.state)
        else { throw LatchkeyError.activationInvalid() }
        return instance
    }

    /// The instance of this name, if it has no agent.
    private static func agentless(named name: String, _ database: Database) throws -> Instance? {
        guard let id = try owner(ofName: name, database),
            try !exists("managedInstance", "instanceID", id, database)
        else { return nil }
        return try fetch([id], database).first
    }

    /// Whether an instance may be given this name: one that is lawful, that none has, and that looks like none.
    static func isFree(_ name: String?, _ database: Database) throws -> Bool {
        guard let name, (try? Names.instance(name)) != nil else { return false }
        return try owner(ofName: name, database) == nil && lookAlike(of: name, database) == nil
    }
}
