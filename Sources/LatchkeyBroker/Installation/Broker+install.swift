// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
package import LatchkeyModel
internal import LatchkeySSH

extension Broker {
    /// How often a file is read again that somebody else changes meanwhile.
    private static let rereads = 3

    /// Adds a public key to the login user's `authorized_keys`, and makes sure that the instance then knows it.
    ///
    /// - Throws: `LatchkeyError`; what had been changed is undone then.
    package func install(
        _ key: NewKey,
        on instance: Instance,
        options: Options,
        isRehearsal: Bool
    ) throws -> KeyChange {
        let admission = try connect(to: instance, options: options)
        return try Broker.rereading(instance) {
            var files = try RemoteAuthorizedKeys.read(
                over: admission.connection,
                on: instance,
                tidies: !isRehearsal
            )
            guard !files.contains(key.publicKey) else {
                return KeyChange(instance, .unchanged, "it is there already")
            }
            let place = "authorized_keys of '\(admission.user.terminalSafe)'"
            guard !isRehearsal else { return KeyChange(instance, .planned, "would add it to \(place)") }
            try files.add(
                key.publicKey,
                comment: key.comment,
                inPlaceOf: nil,
                over: admission.connection,
                on: instance
            )
            do {
                try prove(key.publicKey, isKnownTo: instance, options)
            } catch {
                try undo(key, &files, admission.connection, instance, because: error)
            }
            return KeyChange(instance, .installed, "added to \(place)")
        }
    }

    /// Takes the place of the key that opens an instance: adds the new key, proves it by a fresh login with it alone, and
    /// only then takes the old one away. Wherever it is interrupted, one of the two opens, and running it again finishes.
    ///
    /// The old keys are the one that this login uses and the one registered for the instance, as far as they are not the
    /// new one.
    /// - Throws: `LatchkeyError`; if the new key was not proved, it has been taken away again.
    package func replaceKey(
        of instance: Instance,
        with key: NewKey,
        options: Options,
        isRehearsal: Bool
    ) throws -> KeyChange {
        guard let proposal = key.proposal else {
            throw LatchkeyError(
                .keyNotFound,
                "the private half of the new key is not on this machine, so it cannot be proved",
                hint: "latchkey key install adds a public key without proof"
            )
        }
        let registered = try instance.keyName.flatMap { try control.keyPair(named: $0)?.publicKey }
        let admission = try connectWithEither(instance, options, proposal)
        let old = Set([admission.proposal.candidate.publicKey, registered].compactMap { $0 })
            .subtracting([key.publicKey])
        return try Broker.rereading(instance) {
            var files = try RemoteAuthorizedKeys.read(
                over: admission.connection,
                on: instance,
                tidies: !isRehearsal
            )
            let present = Array(old).filter(files.contains)
            if files.contains(key.publicKey) && present.isEmpty {
                guard !isRehearsal else {
                    return KeyChange(instance, .unchanged, "it is there, and the old one is gone")
                }
                try prove(proposal, opens: instance, options)
                try remember(key, of: instance, admission.user, registered)
                return KeyChange(
                    instance,
                    .unchanged,
                    old.isEmpty ? "it opens, and there is no other to take away" : "it opens, and the old one is gone"
                )
            }
            guard !isRehearsal else { return plan(key, present, files, instance) }

            let isNew = !files.contains(key.publicKey)
            if isNew {
                try files.add(
                    key.publicKey,
                    comment: key.comment,
                    inPlaceOf: present.first,
                    over: admission.connection,
                    on: instance
                )
                trace.step("the new key is added")
            }
            do {
                try prove(proposal, opens: instance, options)
            } catch {
                guard isNew else { throw error }
                try undo(key, &files, admission.connection, instance, because: error)
            }
            trace.step("the new key opens")
            try files.update(over: admission.connection, on: instance) { content in
                for key in present { content.remove(key) }
            }
            trace.step("the old key is taken away")
            // Not before: what is noted for the instance tells, after an interruption, which key is the old one.
            try remember(key, of: instance, admission.user, registered)
            guard !present.isEmpty else {
                return KeyChange(
                    instance,
                    .installed,
                    "it opens; the old key does not stand in authorized_keys, and stays"
                )
            }
            return KeyChange(instance, .replaced, "\(present.map(Fingerprint.openSSH).joined(separator: ", ")) is gone")
        }
    }

    private func plan(
        _ key: NewKey,
        _ present: [PublicKey],
        _ files: RemoteAuthorizedKeys,
        _ instance: Instance
    ) -> KeyChange {
        let steps = [
            files.contains(key.publicKey) ? nil : "add it",
            "prove it by a login",
            present.isEmpty ? nil : "take \(present.map(Fingerprint.openSSH).joined(separator: ", ")) away",
        ]
        return KeyChange(instance, .planned, "would \(steps.compactMap { $0 }.joined(separator: ", "))")
    }

    /// Logs in as always, or with the new key: an interrupted replacement may have taken the old one away.
    private func connectWithEither(
        _ instance: Instance,
        _ options: Options,
        _ proposal: KeyProposal
    ) throws -> Admission {
        do {
            return try connect(to: instance, options: options)
        } catch let error as LatchkeyError {
            guard [.noKeyFits, .loginRefused, .passphraseUnavailable].contains(error.code) else { throw error }
            var search = Search(door: try Door(instance: instance, options: options, broker: self), trace: trace)
            guard let admission = try search.tryEach([proposal]) else { throw error }
            return admission
        }
    }

    /// A fresh login with this key alone.
    private func prove(_ proposal: KeyProposal, opens instance: Instance, _ options: Options) throws {
        let door = try Door(instance: instance, options: options, broker: self)
        var search = Search(door: door, trace: trace)
        guard try search.tryEach([proposal]) != nil else {
            throw LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not let the new key in",
                hint: "its sshd may look for keys elsewhere (AuthorizedKeysFile), or not take keys of this kind"
            )
        }
    }

    /// Asks, without a signature, whether the instance knows the key now.
    private func prove(_ key: PublicKey, isKnownTo instance: Instance, _ options: Options) throws {
        let door = try Door(instance: instance, options: options, broker: self)
        var search = Search(door: door, trace: trace)
        var slot: Handshaken?
        let candidate = KeyCandidate(source: .file(path: "the new key"), publicKey: key)
        guard try search.ask(about: key, of: candidate, &slot) != nil else {
            throw LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not know the new key, though it was added",
                hint: "its sshd may look for keys elsewhere (AuthorizedKeysFile), or not take keys of this kind"
            )
        }
    }

    /// Takes the new key away again.
    ///
    /// - Throws: always: `error`, or that it could not be undone.
    private func undo(
        _ key: NewKey,
        _ files: inout RemoteAuthorizedKeys,
        _ connection: borrowing Connection,
        _ instance: Instance,
        because error: any Error
    ) throws {
        do {
            try files.update(over: connection, on: instance) { $0.remove(key.publicKey) }
        } catch let second as LatchkeyError {
            throw LatchkeyError(
                second.code,
                "the new key stays in authorized_keys of '\(instance.displayName)', though it does not open: "
                    + second.message,
                hint: (error as? LatchkeyError)?.message
            )
        } catch is RemoteAuthorizedKeys.Changed {
            throw LatchkeyError(
                .fileUnusable,
                "the new key stays in authorized_keys of '\(instance.displayName)', which somebody else changed meanwhile",
                hint: (error as? LatchkeyError)?.message
            )
        }
        throw error
    }

    /// What opens the instance from now on.
    private func remember(
        _ key: NewKey,
        of instance: Instance,
        _ user: String,
        _ registered: PublicKey?
    ) throws {
        try control.noteAcceptedKey(key.publicKey, of: instance.id, user: user, at: Date())
        // What is noted for the instance is about the user that it is entered as.
        guard user == instance.user ?? Environment.userName, key.publicKey != registered else { return }
        try control.noteKeyName(key.pairName, of: instance.id)
    }

    private static func rereading(_ instance: Instance, _ body: () throws -> KeyChange) throws -> KeyChange {
        for _ in 0..<rereads {
            do { return try body() } catch is RemoteAuthorizedKeys.Changed { continue }
        }
        throw LatchkeyError(
            .fileUnusable,
            "the authorized_keys of '\(instance.displayName)' keep changing",
            hint: "another program writes them; try again when it is done"
        )
    }
}
