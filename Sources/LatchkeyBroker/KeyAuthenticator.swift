// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeyTerminal

/// Offers keys to a server, one at a time: asks about each without a signature, and signs only with one that was accepted.
///
/// A server counts the keys that it does not know and closes the connection after some (`MaxAuthTries`, 1 at the strictest).
/// Then it connects again, so that a verified key is always the first that the server sees.
struct KeyAuthenticator {
    /// How many keys without proof are offered at most: each refusal is a failed login in the server's log.
    static let rankedLimit = 12

    private let connector: SSHConnector
    private let trace: Trace
    private(set) var refused: [KeyCandidate] = []
    /// Those that the instance has taken, demanding another one besides (sshd's `AuthenticationMethods publickey,publickey`);
    /// they are shown again on each new connection.
    private var taken: [any Signer] = []
    /// What it then demands.
    private var demanded: [String] = []
    private var banners: [String] = []

    init(connector: SSHConnector, trace: Trace) {
        self.connector = connector
        self.trace = trace
    }

    /// - Returns: nil if the server knows none of them.
    mutating func tryEach(_ proposals: [KeyProposal]) throws -> Broker.AuthenticatedConnection? {
        var handshaken: UnauthenticatedSession?
        for proposal in proposals {
            // What cannot be unlocked here (no terminal, no passphrase) must not hide what can.
            let isLast = proposal.candidate == proposals.last?.candidate
            if let login = try attempt(proposal, &handshaken, mayLack: !isLast) { return login }
        }
        return nil
    }

    /// The connection in `slot`, or a new one on which the instance has seen the keys that it has taken before.
    private mutating func connection(_ slot: inout UnauthenticatedSession?) throws -> UnauthenticatedSession {
        if let open = slot.take() { return open }
        var handshaken = try connector.connectAndVerify()
        for signer in taken {
            let answer: UnauthenticatedSession.Answer
            do throws(SSHError) { answer = try handshaken.login(offering: signer) } catch {
                throw connector.loginFailure(error)
            }
            guard case .partial(let next) = consume answer else {
                throw LatchkeyError(
                    .connectionLost,
                    "'\(connector.instance.displayName)' took a key and does so no longer",
                    hint: "its sshd's settings may have changed meanwhile; try again"
                )
            }
            handshaken = next
        }
        return handshaken
    }

    /// - Throws: `loginIncomplete` if the instance has taken keys and asks for more.
    func checkComplete() throws {
        guard !taken.isEmpty else { return }
        let count = taken.count == 1 ? "a key" : "\(taken.count) keys"
        let methods = demanded.joined(separator: " or ")
        throw LatchkeyError(
            .loginIncomplete,
            "'\(connector.instance.displayName)' has taken \(count) from '\(connector.user.terminalSafe)' and demands \(methods) besides",
            hint: demanded.contains("publickey")
                ? "its sshd's AuthenticationMethods ask for another key; none on this machine fits"
                : "its sshd's AuthenticationMethods ask for what Latchkey does not offer"
        )
    }

    private mutating func attempt(
        _ proposal: KeyProposal,
        _ slot: inout UnauthenticatedSession?,
        mayLack: Bool
    ) throws -> Broker.AuthenticatedConnection? {
        let candidate = proposal.candidate
        if let key = candidate.publicKey {
            guard !isSpent(key) else { return nil }
            if candidate.isEncrypted && proposal.signer == nil {
                // Do not ask for a passphrase before the instance has said that it knows the key.
                guard let knowing = try ask(about: key, of: candidate, &slot) else { return nil }
                slot = consume knowing
            }
        }
        guard let signer = try signer(for: proposal, mayLack: mayLack), !isSpent(signer.publicKey) else {
            return nil
        }
        return try offer(signer, proposal, &slot, mayLack: mayLack)
    }

    /// Whether there is no use in offering this key, or offering it again.
    private func isSpent(_ key: PublicKey) -> Bool {
        refused.contains { $0.publicKey == key } || taken.contains { $0.publicKey == key }
    }

    /// - Returns: nil if the key cannot be used here and now, and others may.
    /// - Throws: `keyUnusable`, `passphraseWrong`, `passphraseUnavailable`, `cancelled`.
    private func signer(for proposal: KeyProposal, mayLack: Bool) throws -> (any Signer)? {
        let candidate = proposal.candidate
        do {
            if let signer = proposal.signer { return signer }
            guard let path = candidate.path else { return try agentSigner(candidate) }
            let key = try connector.broker.keyring.privateKey(at: path)
            if let expected = candidate.publicKey, key.publicKey != expected {
                throw LatchkeyError(
                    .keyUnusable,
                    "the key \(candidate.label) does not match the .pub file beside it",
                    hint: "ssh-keygen -y -f FILE writes the right one"
                )
            }
            return key
        } catch let error as LatchkeyError where error.code == .passphraseUnavailable && mayLack {
            trace.step("\(candidate.label) has a passphrase, and there is no terminal to ask for it")
            return nil
        }
    }

    private func agentSigner(_ candidate: KeyCandidate) throws -> SSHAgentSigner {
        guard let key = candidate.publicKey, let agent = connector.broker.agent else {
            throw Broker.unusable(candidate, .missing)
        }
        do throws(SSHAgentError) { return try SSHAgentSigner(key, at: agent) } catch {
            throw connector.loginFailure(.system(error.message))
        }
    }

    /// Asks the instance about a key, over the connection in `slot` or a new one.
    ///
    /// - Returns: the connection if it knows the key; nil if not, `slot` then holding the connection if it still stands.
    mutating func ask(
        about publicKey: PublicKey,
        of candidate: KeyCandidate,
        _ slot: inout UnauthenticatedSession?
    ) throws -> UnauthenticatedSession? {
        let handshaken = try connection(&slot)
        let isAccepted: Bool
        do throws(SSHError) {
            isAccepted = try handshaken.accepts(publicKey)
        } catch {
            try note(failure: error, of: candidate)
            return nil
        }
        show(handshaken.banner())
        if isAccepted {
            trace.step("the instance knows \(candidate.label)")
            return handshaken
        }
        try note(refusalOf: candidate, methods: handshaken.offeredMethods)
        slot = consume handshaken
        return nil
    }

    /// Logs in with a key, over the connection in `slot` or a new one.
    ///
    /// - Returns: nil if the instance does not know the key, `slot` then holding the connection if it still stands.
    private mutating func offer(
        _ signer: any Signer,
        _ proposal: KeyProposal,
        _ slot: inout UnauthenticatedSession?,
        mayLack: Bool
    ) throws -> Broker.AuthenticatedConnection? {
        let candidate = proposal.candidate
        let handshaken = try connection(&slot)
        trace.step("offering \(candidate.label)")
        let answer: UnauthenticatedSession.Answer
        do throws(SSHError) {
            answer = try handshaken.login(offering: signer)
        } catch {
            if error == .notSigned && mayLack {
                trace.step("\(candidate.label) was asked to sign, and did not")
                return nil
            }
            try note(failure: error, of: candidate)
            return nil
        }
        switch consume answer {
        case .loggedIn(let connection):
            show(connection.banner())
            trace.step("logged in as '\(connector.user.terminalSafe)' with \(candidate.label)")
            return Broker.AuthenticatedConnection(
                connection: connection,
                user: connector.user,
                proposal: KeyProposal(candidate: candidate.known(as: signer.publicKey), evidence: proposal.evidence)
            )
        case .partial(let handshaken):
            show(handshaken.banner())
            demanded = handshaken.offeredMethods
            trace.step(
                "the instance takes \(candidate.label), and demands \(demanded.joined(separator: " or ")) besides"
            )
            taken.append(signer)
            slot = consume handshaken
            return nil
        case .unknown(let handshaken):
            show(handshaken.banner())
            try note(refusalOf: candidate, methods: handshaken.offeredMethods)
            slot = consume handshaken
            return nil
        }
    }

    /// A server that hung up on a key has refused it; the next one needs a new connection.
    ///
    /// - Throws: what went wrong, if it was something else.
    private mutating func note(failure error: SSHError, of candidate: KeyCandidate) throws {
        guard case .disconnected(let message) = error, UnauthenticatedSession.isGoodbye(message) else {
            throw connector.loginFailure(error)
        }
        trace.step("the instance closed the connection on \(candidate.label): \(message)")
        refused.append(candidate)
    }

    /// - Throws: `userRefused` if the server takes no keys at all.
    private mutating func note(refusalOf candidate: KeyCandidate, methods: [String]) throws {
        trace.step("the instance does not know \(candidate.label)")
        guard methods.isEmpty || methods.contains("publickey") else {
            throw LatchkeyError(
                .userRefused,
                "'\(connector.instance.displayName)' takes no keys from '\(connector.user.terminalSafe)', only \(methods.joined(separator: ", "))",
                hint: "its sshd must allow PubkeyAuthentication for this user"
            )
        }
        refused.append(candidate)
    }

    /// The first of these keys that the instance knows; nil if it knows none of them.
    mutating func firstKnown(of proposals: some Sequence<KeyProposal>, _ slot: inout UnauthenticatedSession?) throws
        -> KeyProposal?
    {
        for proposal in proposals {
            guard let key = proposal.candidate.publicKey, !isSpent(key) else { continue }
            if try ask(about: key, of: proposal.candidate, &slot) != nil { return proposal }
        }
        return nil
    }

    /// What the server says before a login is shown once.
    private mutating func show(_ lines: [String]) {
        guard lines != banners, connector.options.isAttended else { return }
        banners = lines
        connector.broker.interaction.banner(lines)
    }
}
