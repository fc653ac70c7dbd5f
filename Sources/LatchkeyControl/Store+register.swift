// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
internal import LatchkeyCrypto
package import LatchkeyModel

extension Store {
    /// Registers a machine as an instance `mi-…`, with the activation's tags and, if it is free, its default name; with an
    /// activation of a launched instance, as that one, where it takes the place of the agent before. Whatever else happens at once, no more of them register than the activation allows.
    ///
    /// A machine that did not hear the answer asks again, with the key that it showed before: it gets the same instance, and
    /// counts once. That holds for as long as the activation does and nothing was heard of the agent. Nobody else gains by it,
    /// since an id is of no use without the private half of the key.
    ///
    /// - Parameters:
    ///   - codeDigest: the SHA-256 of the code that the machine gave.
    ///   - publicKeyDER: the key that its agent will sign with, as a SubjectPublicKeyInfo.
    ///   - joins: whether the machine may turn out to be the instance that has the activation's default name already, if
    ///     that has no agent and the activation is for one machine.
    /// - Throws: `activationInvalid` for an unknown id, a wrong code or a launched instance that is terminated, and only to one who has the code
    ///   `activationExpired` and `activationExhausted`.
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
            let activation = try Store.activation(row, database)
            if activation.isExpired(at: date) { throw LatchkeyError.activationExpired() }
            if let known = try Store.unused(activationID, publicKeyDER, machineFingerprint, database) { return known }
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
                .first { try Store.isFree($0, database) } ?? nil
            // As it will be read.
            let now = Date(milliseconds: date.milliseconds)
            let instance: Instance
            if let id = activation.instanceID {
                instance = try Store.launched(id, database)
                try database.execute(sql: "DELETE FROM managedInstance WHERE instanceID = ?", arguments: [id])
            } else if joins, activation.registrationLimit == 1, let name = activation.defaultInstanceName,
                let known = try Store.agentless(named: name, database)
            {
                instance = known
            } else {
                instance = Instance(
                    id: Identifier.make(prefix: Identifier.managedInstancePrefix),
                    tags: tags,
                    addresses: [],
                    created: now
                )
                try Store.insert(instance, database)
            }
            try Store.insert(
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
