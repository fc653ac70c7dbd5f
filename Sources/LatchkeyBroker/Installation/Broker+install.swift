// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
package import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeySystem

extension Broker {
    /// How often a file is read again that another program changes meanwhile.
    private static let rereads = 3

    /// Adds a public key to the login user's `authorized_keys`, and makes sure that the instance then knows it. An instance that
    /// no key opens is entered with one that is pushed; one that no port leads to, over the relay.
    ///
    /// - Throws: `LatchkeyError`; what had been changed is undone then, as far as the instance can still be reached.
    package func install(
        _ key: NewKey,
        on instance: Instance,
        options: Options,
        isRehearsal: Bool
    ) throws -> KeyChange {
        try overOpenRoad(to: instance, options) { options in
            try installed(key, on: instance, options: options, isRehearsal: isRehearsal)
        }
    }

    /// Does it over SSH directly, and where that reaches nothing, over SSH through the relay.
    private func overOpenRoad(
        to instance: Instance,
        _ options: Options,
        _ change: (Options) throws -> KeyChange
    ) throws -> KeyChange {
        do { return try change(options) } catch let error as LatchkeyError {
            let road = EntryPlan.roadOfWork(after: error, options.road, relay?.presence(of: instance))
            guard let road else { throw error }
            trace.step("\(error.message); trying SSH through the relay")
            var options = options
            options.road = road
            return try change(options)
        }
    }

    private func installed(
        _ key: NewKey,
        on instance: Instance,
        options: Options,
        isRehearsal: Bool
    ) throws -> KeyChange {
        let login = try connectByAnyKey(to: instance, options: options)
        return try Broker.rereading(instance) {
            var files = try RemoteAuthorizedKeys.read(
                over: login.connection,
                on: instance,
                tidies: !isRehearsal
            )
            guard !files.contains(key.publicKey) else {
                let bounds = files.options(of: key.publicKey)
                guard try knows(key.publicKey, instance, options) else { throw barred(instance, bounds) }
                return KeyChange(
                    instance,
                    .unchanged,
                    "already uses this key" + (bounds.isEmpty ? "" : ", with \(bounds)")
                )
            }
            let file = "authorized_keys of '\(login.user.terminalSafe)'"
            guard !isRehearsal else { return KeyChange(instance, .planned, "would add it to \(file)") }
            do {
                try files.add(
                    key.publicKey,
                    comment: key.comment,
                    inPlaceOf: nil,
                    over: login.connection,
                    on: instance
                )
                try prove(key.publicKey, isKnownTo: instance, options)
            } catch let error as LatchkeyError {
                throw undo(key, login.connection, instance, options, because: error)
            }
            return KeyChange(instance, .installed, "added to \(file)")
        }
    }

    /// Takes the place of the key that opens an instance: adds the new key, proves it by a fresh login with it alone, and
    /// only then takes the old one away. Wherever it is interrupted, one of the two opens, and running it again finishes.
    ///
    /// The old keys are the one registered for the instance and the one that opened it before; where neither is known, the one
    /// that this login uses.
    /// - Throws: `LatchkeyError`; if the new key was not verified, it has been taken away again, as far as the instance can
    ///   still be reached; `fileUnusable` if an old key is known still after it was taken away.
    package func replaceKey(
        of instance: Instance,
        with key: NewKey,
        options: Options,
        isRehearsal: Bool
    ) throws -> KeyChange {
        try overOpenRoad(to: instance, options) { options in
            try replacedKey(of: instance, with: key, options: options, isRehearsal: isRehearsal)
        }
    }

    private func replacedKey(
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
        let entry = try enter(instance, options, proposal)
        // In a file that may have to be read again, since another program changes it.
        var wasAdded = false
        return try Broker.rereading(instance) {
            var files = try RemoteAuthorizedKeys.read(
                over: entry.login.connection,
                on: instance,
                tidies: !isRehearsal
            )
            let present = entry.old.filter(files.contains)
            if files.contains(key.publicKey) && present.isEmpty {
                guard !isRehearsal else {
                    return KeyChange(instance, .unchanged, "it is there, and the old one is gone")
                }
                try prove(proposal, opens: instance, options)
                try checkGone(entry.old, instance, options)
                try remember(key, of: instance, entry.login.user, entry.registered)
                guard !wasAdded else {
                    return KeyChange(
                        instance,
                        .replaced,
                        "it opens; another program has removed the old one meanwhile"
                    )
                }
                return KeyChange(
                    instance,
                    .unchanged,
                    entry.old.isEmpty
                        ? "it opens, and there is no other to take away" : "it opens, and the old one is gone"
                )
            }
            guard !isRehearsal else { return plan(key, present, files, instance) }

            let isNew = !files.contains(key.publicKey)
            do {
                if isNew {
                    try files.add(
                        key.publicKey,
                        comment: key.comment,
                        inPlaceOf: present.first,
                        over: entry.login.connection,
                        on: instance
                    )
                    wasAdded = true
                    trace.step("the new key is added")
                }
                try prove(proposal, opens: instance, options)
            } catch let error as LatchkeyError {
                guard isNew else { throw error }
                throw undo(key, entry.login.connection, instance, options, because: error)
            }
            trace.step("the new key opens")
            try files.update(over: entry.login.connection, on: instance) { content in
                for key in present { content.remove(key) }
            }
            trace.step("the old key is taken away")
            try checkGone(entry.old, instance, options)
            // Not before: what is noted for the instance tells, after an interruption, which key is the old one.
            try remember(key, of: instance, entry.login.user, entry.registered)
            guard !present.isEmpty else {
                return KeyChange(
                    instance,
                    .installed,
                    "it opens; no old key stands in authorized_keys"
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

    /// How an instance was entered whose key is to be replaced.
    private struct Entry: ~Copyable {
        let login: AuthenticatedConnection
        let registered: PublicKey?
        /// The keys that are to go.
        let old: [PublicKey]
    }

    /// Logs in with a key that is verified to be the instance's, else with the new one (an interrupted replacement may have
    /// taken the old one away), else with one of the likely keys.
    ///
    /// The old keys are those that something proves: the registered one, and the one that opened before. One that happens to
    /// open besides may be an emergency key, and is only taken for the old one if there is no other.
    private func enter(_ instance: Instance, _ options: Options, _ new: KeyProposal) throws -> Entry {
        let connector = try SSHConnector(instance: instance, options: options, broker: self)
        let registered = try instance.keyName.flatMap { try control.keyPair(named: $0)?.publicKey }
        let accepted = try control.acceptedKey(of: instance.id, user: connector.user)
        let newKey = new.candidate.publicKey
        let known = [registered, accepted].compactMap { $0 }.map { $0.certifiedKey ?? $0 }
        let old = Set(known.filter { $0 != newKey })
        let verified = KeyResolver(library: library).verified(registered: registered, accepted: accepted)
        var authenticator = KeyAuthenticator(connector: connector, trace: trace)
        if let login = try authenticator.tryEach(verified + [new]) {
            return Entry(login: login, registered: registered, old: Array(old))
        }
        // As always, which tells best what stands in the way if nothing opens.
        let login = try connectByAnyKey(to: instance, options: options)
        // One that was made for this connection is gone by itself.
        let isLasting = login.proposal.candidate.source != .memory
        let opened = (isLasting ? [login.proposal.candidate.publicKey] : []).compactMap { $0 }
            .map { $0.certifiedKey ?? $0 }
        let keys = old.isEmpty ? opened.filter { $0 != newKey } : Array(old)
        return Entry(login: login, registered: registered, old: keys)
    }

    /// A fresh login with this key alone, and a script over it: a key with a forced command lets in, but is of no use.
    private func prove(_ proposal: KeyProposal, opens instance: Instance, _ options: Options) throws {
        let connector = try SSHConnector(instance: instance, options: options, broker: self)
        var authenticator = KeyAuthenticator(connector: connector, trace: trace)
        if let login = try authenticator.tryEach([proposal]) {
            _ = try RemoteScript { Array("echo '\($0) open'\n".utf8) }.run(over: login.connection, on: instance)
        } else {
            throw LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not let the new key in",
                hint: "its sshd may look for keys elsewhere (AuthorizedKeysFile), or not take keys of this kind"
            )
        }
    }

    /// Asks, without a signature, whether the instance knows a key.
    private func knows(_ key: PublicKey, _ instance: Instance, _ options: Options) throws -> Bool {
        let connector = try SSHConnector(instance: instance, options: options, broker: self)
        var authenticator = KeyAuthenticator(connector: connector, trace: trace)
        var slot: UnauthenticatedSession?
        let candidate = KeyCandidate(source: .file(path: "the key"), publicKey: key)
        return try authenticator.ask(about: key, of: candidate, &slot) != nil
    }

    /// Makes sure that keys which were taken away are of no use any more: sshd may look for them elsewhere, too.
    ///
    /// - Throws: `fileUnusable` if one is.
    private func checkGone(_ keys: [PublicKey], _ instance: Instance, _ options: Options) throws {
        let known = try keys.filter { try knows($0, instance, options) }
        guard !known.isEmpty else { return }
        let names = known.map(Fingerprint.openSSH).joined(separator: ", ")
        throw LatchkeyError(
            .fileUnusable,
            "the new key opens '\(instance.displayName)', and so does \(names) still, though authorized_keys has it no longer",
            hint:
                "its sshd finds it elsewhere: see AuthorizedKeysFile and AuthorizedKeysCommand in sshd -T, as root there"
        )
    }

    private func barred(_ instance: Instance, _ bounds: String) -> LatchkeyError {
        LatchkeyError(
            .loginRefused,
            "the key stands in authorized_keys of '\(instance.displayName)', and its sshd does not take it"
                + (bounds.isEmpty ? "" : ": its line says \(bounds)"),
            hint: bounds.isEmpty
                ? "its sshd may look for keys elsewhere (AuthorizedKeysFile), or not take keys of this kind"
                : "fix or remove that line there, and run it again"
        )
    }

    private func prove(_ key: PublicKey, isKnownTo instance: Instance, _ options: Options) throws {
        guard try knows(key, instance, options) else {
            throw LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not know the new key, though it was added",
                hint: "its sshd may look for keys elsewhere (AuthorizedKeysFile), or not take keys of this kind"
            )
        }
    }

    /// Takes the new key away again, over the connection that is there or, if that is lost, another one.
    ///
    /// - Returns: `error`, or that it could not be undone.
    private func undo(
        _ key: NewKey,
        _ connection: borrowing Connection,
        _ instance: Instance,
        _ options: Options,
        because error: LatchkeyError
    ) -> LatchkeyError {
        func remove(over connection: borrowing Connection) throws {
            for _ in 0..<Broker.rereads {
                do {
                    var files = try RemoteAuthorizedKeys.read(over: connection, on: instance, tidies: true)
                    return try files.update(over: connection, on: instance) { $0.remove(key.publicKey) }
                } catch is RemoteAuthorizedKeys.Changed {
                    continue
                }
            }
            throw LatchkeyError(.fileUnusable, "another program keeps changing it")
        }
        do {
            do {
                try remove(over: connection)
            } catch let lost as LatchkeyError where lost.code == .connectionLost {
                let plan = try plan(for: instance, options, goal: .ssh)
                try remove(over: logIn(by: plan, options).takeConnection())
            }
            return error
        } catch {
            return LatchkeyError(
                .connectionLost,
                "the new key may stand in authorized_keys of '\(instance.displayName)', though it is not proved to open",
                hint: "run it again: it looks what is there",
                cause: "\(error)".terminalSafe
            )
        }
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
