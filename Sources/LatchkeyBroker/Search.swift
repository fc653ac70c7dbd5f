// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeyTerminal

/// Tries keys at a door, one at a time: asks about each without a signature, signs only with one that was accepted.
///
/// A server counts each key that it does not know, and hangs up after some (`MaxAuthTries`, 1 at the strictest); then
/// the door is knocked at again, so that what is proved is always the first thing that the server hears.
struct Search {
    /// So many keys that are guesses are asked about; each refusal may alarm somebody.
    static let guessLimit = 12

    private let door: Door
    private let trace: Trace
    private(set) var refused: [KeyCandidate] = []
    /// Those that the instance has taken, demanding another one besides (sshd's `AuthenticationMethods publickey,publickey`);
    /// they are shown again on each new connection.
    private var taken: [any Signer] = []
    /// What it then demands.
    private var demanded: [String] = []
    private var banners: [String] = []

    init(door: Door, trace: Trace) {
        self.door = door
        self.trace = trace
    }

    /// - Returns: nil if the server knows none of them.
    mutating func tryEach(_ proposals: [KeyProposal]) throws -> Broker.Admission? {
        var handshaken: Handshaken?
        for proposal in proposals {
            // What cannot be unlocked here (no terminal, no passphrase) must not hide what can.
            let isLast = proposal.candidate == proposals.last?.candidate
            if let admission = try attempt(proposal, &handshaken, mayLack: !isLast) { return admission }
        }
        return nil
    }

    /// The connection in `slot`, or a new one on which the instance has seen the keys that it has taken before.
    private mutating func connection(_ slot: inout Handshaken?) throws -> Handshaken {
        if let open = slot.take() { return open }
        var handshaken = try door.knock()
        for signer in taken {
            let answer: Handshaken.Answer
            do throws(SSHError) { answer = try handshaken.login(offering: signer) } catch {
                throw door.loginFailure(error)
            }
            guard case .partial(let next) = consume answer else {
                throw LatchkeyError(
                    .connectionLost,
                    "'\(door.instance.displayName)' took a key and does so no longer",
                    hint: "its sshd's settings may have changed meanwhile; try again"
                )
            }
            handshaken = next
        }
        return handshaken
    }

    /// - Throws: `loginIncomplete` if the instance has taken keys and not let anybody in.
    func checkComplete() throws {
        guard !taken.isEmpty else { return }
        let count = taken.count == 1 ? "a key" : "\(taken.count) keys"
        let methods = demanded.joined(separator: " or ")
        throw LatchkeyError(
            .loginIncomplete,
            "'\(door.instance.displayName)' has taken \(count) from '\(door.user.terminalSafe)' and demands \(methods) besides",
            hint: demanded.contains("publickey")
                ? "its sshd's AuthenticationMethods ask for another key; none on this machine fits"
                : "its sshd's AuthenticationMethods ask for what Latchkey does not offer"
        )
    }

    private mutating func attempt(
        _ proposal: KeyProposal,
        _ slot: inout Handshaken?,
        mayLack: Bool
    ) throws -> Broker.Admission? {
        let candidate = proposal.candidate
        if let key = candidate.publicKey {
            guard !isSpent(key) else { return nil }
            if candidate.isEncrypted && proposal.signer == nil {
                // Nobody is asked for a passphrase before the instance has said that it knows the key.
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
            let key = try door.broker.keyring.privateKey(at: path)
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

    private func agentSigner(_ candidate: KeyCandidate) throws -> AgentSigner {
        guard let key = candidate.publicKey, let agent = door.broker.agent else {
            throw Broker.unusable(candidate, .missing)
        }
        do throws(SSHError) { return try AgentSigner(key, at: agent) } catch { throw door.loginFailure(error) }
    }

    /// Asks the instance about a key, over the connection in `slot` or a new one.
    ///
    /// - Returns: the connection if it knows the key; nil if not, `slot` then holding the connection if it still stands.
    mutating func ask(
        about publicKey: PublicKey,
        of candidate: KeyCandidate,
        _ slot: inout Handshaken?
    ) throws -> Handshaken? {
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
        _ slot: inout Handshaken?,
        mayLack: Bool
    ) throws -> Broker.Admission? {
        let candidate = proposal.candidate
        let handshaken = try connection(&slot)
        trace.step("offering \(candidate.label)")
        let answer: Handshaken.Answer
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
            trace.step("logged in as '\(door.user.terminalSafe)' with \(candidate.label)")
            return Broker.Admission(
                connection: connection,
                user: door.user,
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
        guard case .disconnected(let words) = error, Handshaken.isGoodbye(words) else {
            throw door.loginFailure(error)
        }
        trace.step("the instance closed the connection on \(candidate.label): \(words)")
        refused.append(candidate)
    }

    /// - Throws: `userRefused` if the server takes no keys at all.
    private mutating func note(refusalOf candidate: KeyCandidate, methods: [String]) throws {
        trace.step("the instance does not know \(candidate.label)")
        guard methods.isEmpty || methods.contains("publickey") else {
            throw LatchkeyError(
                .userRefused,
                "'\(door.instance.displayName)' takes no keys from '\(door.user.terminalSafe)', only \(methods.joined(separator: ", "))",
                hint: "its sshd must allow PubkeyAuthentication for this user"
            )
        }
        refused.append(candidate)
    }

    /// The first of these keys that the instance knows; nil if it knows none of them.
    mutating func firstKnown(of proposals: some Sequence<KeyProposal>, _ slot: inout Handshaken?) throws -> KeyProposal?
    {
        for proposal in proposals {
            guard let key = proposal.candidate.publicKey, !isSpent(key) else { continue }
            if try ask(about: key, of: proposal.candidate, &slot) != nil { return proposal }
        }
        return nil
    }

    /// What the server says before a login goes to standard error, once, and marked, so that it cannot be taken for what
    /// Latchkey says.
    private mutating func show(_ lines: [String]) {
        guard lines != banners, door.options.isAttended else { return }
        banners = lines
        for line in lines { Console.note("| \(line)") }
    }

    // MARK: How it ended

    func refusal(_ instance: Instance, hint: String?) -> LatchkeyError {
        let labels = refused.map(\.label).joined(separator: ", ")
        return LatchkeyError(
            .loginRefused,
            "'\(instance.displayName)' does not let '\(door.user.terminalSafe)' in with \(labels)",
            hint: hint
        )
    }

    /// What is left to somebody whose key is lost, in short.
    private static func wayBack(into instance: Instance) -> String {
        "to get back in: latchkey key install -i KEY '\(instance.displayName)' (needs its agent), ask a colleague whose key works, "
            + "or use the provider's console"
    }

    func noKeyFits(
        _ instance: Instance,
        registered: KeyPair?,
        proved: [KeyProposal],
        others: Int
    ) -> LatchkeyError {
        let explain = "latchkey explain '\(instance.displayName)' tells about each key"
        if !proved.isEmpty {
            return LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not let '\(door.user.terminalSafe)' in with its own key pair, "
                    + "nor with \(refused.count - 1 > 0 ? "\(refused.count - 1) other keys" : "any other key")",
                hint: "is the user right (--user)? \(explain)"
            )
        }
        if let registered {
            return LatchkeyError(
                .noKeyFits,
                "the private half of the key pair '\(registered.name.terminalSafe)' of '\(instance.displayName)' is not on "
                    + "this machine, and \(refused.isEmpty ? "there is no other key" : "none of \(refused.count) other keys fits")",
                hint: "it is \(registered.type) \(Fingerprint.openSSH(registered.publicKey)); "
                    + "\(Search.wayBack(into: instance)); \(explain)"
            )
        }
        let rest = others - refused.count
        let name = "'\(instance.displayName)'"
        let tried =
            switch refused.count {
            case 0: "there is no private key on this machine to enter \(name) with"
            case 1 where rest <= 0: "tried 1 key; \(name) does not accept it"
            case let count: "tried \(count) of \(count + max(0, rest)) keys; \(name) accepts none"
            }
        return LatchkeyError(
            .noKeyFits,
            tried,
            hint: "name one with --key; \(Search.wayBack(into: instance)); \(explain)"
        )
    }
}
