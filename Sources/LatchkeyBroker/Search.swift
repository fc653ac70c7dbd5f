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

    private mutating func attempt(
        _ proposal: KeyProposal,
        _ slot: inout Handshaken?,
        mayLack: Bool
    ) throws -> Broker.Admission? {
        let candidate = proposal.candidate
        var unlocked: PrivateKey?
        if candidate.publicKey == nil {
            // Only the passphrase tells which key this is.
            unlocked = try unlock(candidate)
        }
        guard let publicKey = candidate.publicKey ?? unlocked?.publicKey else { return nil }
        guard !refused.contains(where: { $0.publicKey == publicKey }) else { return nil }

        guard let handshaken = try ask(about: publicKey, of: candidate, &slot) else { return nil }
        return try logIn(handshaken, proposal, publicKey, &unlocked, &slot, mayLack)
    }

    /// Asks the instance about a key, over the connection in `slot` or a new one.
    ///
    /// - Returns: the connection if it knows the key; nil if not, `slot` then holding the connection if it still stands.
    mutating func ask(
        about publicKey: PublicKey,
        of candidate: KeyCandidate,
        _ slot: inout Handshaken?
    ) throws -> Handshaken? {
        let handshaken: Handshaken
        if let open = slot.take() { handshaken = open } else { handshaken = try door.knock() }
        let isAccepted: Bool
        do throws(SSHError) {
            isAccepted = try handshaken.accepts(publicKey)
        } catch {
            // It hung up on the key, which is a refusal too; the next one needs a new connection.
            guard case .disconnected(let words) = error, Handshaken.isGoodbye(words) else {
                throw door.loginFailure(error)
            }
            trace.step("the instance hung up on \(candidate.label): \(words)")
            refused.append(candidate)
            return nil
        }
        show(handshaken.banner())
        if isAccepted {
            trace.step("the instance knows \(candidate.label)")
            return handshaken
        }
        trace.step("the instance does not know \(candidate.label)")
        let methods = handshaken.offeredMethods
        guard methods.isEmpty || methods.contains("publickey") else {
            throw LatchkeyError(
                .loginRefused,
                "'\(door.instance.displayName)' takes no keys from '\(door.user.terminalSafe)', only \(methods.joined(separator: ", "))",
                hint: "its sshd must allow PubkeyAuthentication for this user"
            )
        }
        refused.append(candidate)
        slot = consume handshaken
        return nil
    }

    /// The first of these keys that the instance knows; nil if it knows none of them.
    mutating func firstKnown(of proposals: some Sequence<KeyProposal>, _ slot: inout Handshaken?) throws -> KeyProposal?
    {
        for proposal in proposals {
            guard let key = proposal.candidate.publicKey, !refused.contains(where: { $0.publicKey == key }) else {
                continue
            }
            if try ask(about: key, of: proposal.candidate, &slot) != nil { return proposal }
        }
        return nil
    }

    private mutating func logIn(
        _ handshaken: consuming Handshaken,
        _ proposal: KeyProposal,
        _ publicKey: PublicKey,
        _ unlocked: inout PrivateKey?,
        _ slot: inout Handshaken?,
        _ mayLack: Bool
    ) throws -> Broker.Admission? {
        let candidate = proposal.candidate
        let connection: Connection
        if case .agent = candidate.source, let agent = door.broker.agent {
            do throws(SSHError) {
                connection = try handshaken.login(withAgentKey: publicKey, at: agent)
            } catch {
                throw door.loginFailure(error)
            }
        } else {
            let key: PrivateKey
            do {
                if let known = unlocked.take() { key = known } else { key = try unlock(candidate) }
            } catch let error as LatchkeyError where error.code == .passphraseUnavailable && mayLack {
                trace.step("\(candidate.label) is behind a passphrase that nobody can be asked for")
                slot = consume handshaken
                return nil
            }
            guard key.publicKey == publicKey else {
                throw LatchkeyError(
                    .keyUnusable,
                    "the key \(candidate.label) is not the one that the .pub file beside it says",
                    hint: "ssh-keygen -y -f FILE writes the right one"
                )
            }
            do throws(SSHError) {
                connection = try handshaken.login(with: key)
            } catch {
                throw door.loginFailure(error)
            }
        }
        trace.step("logged in as '\(door.user.terminalSafe)' with \(candidate.label)")
        let known = KeyCandidate(source: candidate.source, publicKey: publicKey, isEncrypted: candidate.isEncrypted)
        let settled = KeyProposal(candidate: known, evidence: proposal.evidence)
        return Broker.Admission(connection: connection, user: door.user, proposal: settled)
    }

    /// - Throws: `keyUnusable`, `passphraseWrong`, `passphraseUnavailable`, `cancelled`.
    private func unlock(_ candidate: KeyCandidate) throws -> PrivateKey {
        guard let path = candidate.path else { throw Broker.unusable(candidate, .missing) }
        return try Unlocking.privateKey(at: path)
    }

    /// What the server says before a login goes to standard error, once, and marked, so that it cannot be taken for what
    /// Latchkey says.
    private mutating func show(_ lines: [String]) {
        guard lines != banners else { return }
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
                hint: "it is \(registered.type) \(Fingerprint.openSSH(registered.publicKey)); \(explain)"
            )
        }
        let rest = others - refused.count
        return LatchkeyError(
            .noKeyFits,
            refused.isEmpty
                ? "there is no private key on this machine to enter '\(instance.displayName)' with"
                : "none of the \(refused.count) keys that were tried fits '\(instance.displayName)'"
                    + (rest > 0 ? ", \(rest) more were not tried" : ""),
            hint: "name one with --key, or say which pair it is: latchkey instance add … --key KEYPAIR"
        )
    }
}
