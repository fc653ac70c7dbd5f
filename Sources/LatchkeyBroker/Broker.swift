// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
package import LatchkeyKeys
package import LatchkeyModel
package import LatchkeySSH
internal import LatchkeySystem
internal import LatchkeyTerminal

/// Goes from an instance to a connection that is logged in: finds the key, checks the host key, opens the connector.
package struct Broker {
    /// What the user said about how to enter.
    package struct Options: Sendable {
        /// The user to log in as; nil for the instance's own, else the local user's name.
        package var user: String?
        /// A key's file or a key pair's name; nil to find one.
        package var key: String?
        package var port: Int?
        /// Pins the host key of an instance that has none yet, without asking.
        package var acceptsNewHostKey = false
        /// Seconds for reaching the instance, and for each step of the login.
        package var timeout = 10
        /// The only road to take; nil for the best one that is open.
        package var road: Road?
        /// Whether a person follows this one connection: may be asked about a host key, and sees the server's banner.
        package var isAttended = true

        package init() {}
    }

    let control: any ControlPlane
    let library: KeyLibrary
    let agent: SSHAgentClient?
    let directory: KeyDirectory
    /// Nil where no relay is known.
    package let relay: RelayClient?
    package let keyring: Keyring
    let interaction: any Interaction
    let trace: Trace

    /// - Parameters:
    ///   - agent: the ssh-agent that the library lists keys of; nil for none.
    ///   - directory: where Latchkey's own private keys are.
    package init(
        control: any ControlPlane,
        library: KeyLibrary,
        agent: SSHAgentClient?,
        directory: KeyDirectory,
        relay: RelayClient? = nil,
        keyring: Keyring,
        interaction: any Interaction,
        trace: Trace
    ) {
        self.control = control
        self.library = library
        self.agent = agent
        self.directory = directory
        self.relay = relay
        self.keyring = keyring
        self.interaction = interaction
        self.trace = trace
    }

    /// A connection that is logged in, and what led there.
    package struct AuthenticatedConnection: ~Copyable {
        package let connection: Connection
        package let user: String
        package let proposal: KeyProposal

        package consuming func takeConnection() -> Connection { connection }
    }

    /// Logs in over SSH, to an address or through the relay, with the keys of the plan; where nothing proves one, asks the
    /// instance about the likely ones, without a signature.
    ///
    /// - Throws: `LatchkeyError` naming what stands in the way and what to do about it.
    func logIn(by plan: EntryPlan, _ options: Options) throws -> AuthenticatedConnection {
        let instance = plan.instance
        var authenticator = KeyAuthenticator(
            connector: try SSHConnector(instance: instance, options: options, broker: self),
            trace: trace
        )
        if !plan.isKeyNamed {
            let count = plan.verified.count
            trace.step("\(count) key\(count == 1 ? " is" : "s are") proved to belong to the instance")
        }
        if let login = try authenticator.tryEach(plan.verified) { return try finish(login, plan) }
        guard !plan.isKeyNamed else {
            try authenticator.checkComplete()
            throw plan.namedKeyRefused(authenticator.refused)
        }
        let (rankedKeys, total) = rankedKeys(plan, limit: KeyAuthenticator.rankedLimit)
        trace.step("\(rankedKeys.count) of \(total) other key\(total == 1 ? "" : "s") to ask the instance about")
        if let login = try authenticator.tryEach(rankedKeys) { return try finish(login, plan) }
        try authenticator.checkComplete()
        // The file that a user would expect to be used may be there and only have a fault that is easily mended.
        if plan.verified.isEmpty, let name = instance.keyName,
            let file = library.unusable().first(where: { $0.stem == name && $0.fault != nil }), let fault = file.fault
        {
            throw Broker.unusable(file, fault)
        }
        throw plan.noKeyFits(authenticator.refused, others: total)
    }

    /// Remembers which key opened, if that is news.
    private func finish(
        _ login: consuming AuthenticatedConnection,
        _ plan: EntryPlan
    ) throws -> AuthenticatedConnection {
        // The registered key needs no note, unless an older note would be tried before it for ever.
        let isNews = plan.accepted != nil || login.proposal.evidence != .publicKey
        if let key = login.proposal.candidate.publicKey, key != plan.accepted, isNews {
            do {
                try control.noteAcceptedKey(key, of: plan.instance.id, user: login.user, at: Date())
            } catch let error as LatchkeyError {
                // The connector is open; that the next time is a little slower is no reason to shut it.
                interaction.note("note: which key opened could not be remembered: \(error.message)")
            }
        }
        return login
    }

    /// What `--key` names: a path with a slash in it, else a registered key pair, else a file here or in the key folder.
    ///
    /// - Throws: `keyNotFound`, `keyUnusable`.
    package func namedKey(_ key: String) throws -> KeyProposal {
        let path = key.hasPrefix("~/") ? Environment.home + key.dropFirst(1) : key
        if key.contains("/") { return KeyProposal(candidate: try usable(path), evidence: .named) }
        if let pair = try control.keyPair(named: key) {
            if let candidate = library.candidates(for: pair.publicKey).first {
                return KeyProposal(candidate: candidate, evidence: .named)
            }
            throw LatchkeyError(
                .keyNotFound,
                "the private half of the key pair '\(key.terminalSafe)' is not on this machine",
                hint:
                    "bring its file to '\(directory.file(for: key).terminalSafe)', or name the file itself, with a slash in its path"
            )
        }
        if access(path, F_OK) == 0 { return KeyProposal(candidate: try usable(path), evidence: .named) }
        if directory.holds(key) {
            return KeyProposal(candidate: try usable(directory.file(for: key)), evidence: .named)
        }
        throw LatchkeyError.keyNotFound(key)
    }

    /// The same, its private half in memory, asking for the passphrase if there is one.
    ///
    /// - Throws: `keyUnusable`, `passphraseWrong`, `passphraseUnavailable`, `cancelled`.
    package func unlocked(_ proposal: KeyProposal) throws -> KeyProposal {
        guard let path = proposal.candidate.path else { return proposal }
        let key = try keyring.privateKey(at: path)
        return KeyProposal(
            candidate: proposal.candidate.known(as: key.publicKey),
            evidence: proposal.evidence,
            signer: key
        )
    }

    private func usable(_ path: String) throws -> KeyCandidate {
        let candidate = KeyLibrary.inspect(path)
        if let fault = candidate.fault { throw Broker.unusable(candidate, fault) }
        return candidate
    }

    static func unusable(_ candidate: KeyCandidate, _ fault: KeyFault) -> LatchkeyError {
        LatchkeyError(
            fault == .missing ? .keyNotFound : .keyUnusable,
            "the key \(candidate.label) \(fault.reason)",
            hint: fault.hint(path: candidate.path ?? "")
        )
    }
}
