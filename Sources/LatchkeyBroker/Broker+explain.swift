// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
package import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeySystem

extension Broker {
    /// Goes the way that ``connect(to:options:)`` goes, up to but without the login, and tells about each step.
    ///
    /// - Parameters:
    ///   - selector: what the user wrote.
    ///   - asksInstance: false to stay off the network.
    ///   - listsAll: whether the keys that nothing speaks for are listed, too, not only counted.
    /// - Throws: `LatchkeyError` only for what is wrong with this machine's own state; what is wrong with the instance
    ///   is part of the explanation.
    package func explain(
        _ instance: Instance,
        selector: String,
        options: Options,
        asksInstance: Bool,
        listsAll: Bool
    ) throws -> Explanation {
        var explanation = Explanation(
            instance: subject(instance, selector),
            user: user(instance, options),
            hostKeys: instance.hostKeys.map {
                Explanation.HostKey(
                    type: $0.key.typeName,
                    fingerprint: Fingerprint.openSSH($0.key),
                    source: $0.source.rawValue
                )
            },
            keys: [],
            otherKeys: nil,
            roads: [],
            advice: []
        )
        let registered = try instance.keyName.flatMap { try control.keyPair(named: $0) }
        let accepted = try control.acceptedKey(of: instance.id, user: explanation.user.name)
        let resolver = KeyResolver(library: library)
        let verified =
            try options.key.map { [try namedKey($0)] }
            ?? resolver.verified(registered: registered?.publicKey, accepted: accepted)
        // Other keys matter only where nothing verified opens, as on the way that connect goes.
        var others: (proposals: [KeyProposal], total: Int)?
        func rankedKeys() -> [KeyProposal] {
            guard options.key == nil else { return [] }
            let limit = listsAll ? Int.max / 2 : KeyAuthenticator.rankedLimit
            let found = others ?? resolver.rankedKeys(for: instance, without: verified, limit: limit)
            others = found
            return found.proposals
        }
        var inquiry = Inquiry()
        if asksInstance {
            inquiry = ask(instance, options, verified, rankedKeys)
            let presence = relay?.presence(of: instance)
            let pushing = options.key == nil ? presence.flatMap { relay?.pushing(to: instance, $0) } : nil
            explanation.roads =
                [inquiry.road(pushing ?? .unsupported)]
                + relayRoads(presence, pushing ?? .unsupported, verified, explanation.user)
            if let failure = inquiry.failure { explanation.advice += [failure.hint].compactMap { $0 } }
        }
        if listsAll || verified.isEmpty { _ = rankedKeys() }
        let keys = keys(verified: verified, rankedKeys: others?.proposals, inquiry)
        explanation.keys = keys.filter { listsAll || $0.verdict != .untried || $0.fingerprint == nil }
        explanation.otherKeys = others.map {
            max(0, $0.total - $0.proposals.count) + keys.count - explanation.keys.count
        }
        explanation.advice += advice(
            instance,
            registered,
            verified,
            inquiry,
            isKeyNamed: options.key != nil,
            isShut: !explanation.roads.contains(where: \.isOpen),
            wasAsked: asksInstance
        )
        return explanation
    }

    /// What came of asking the instance.
    private struct Inquiry {
        var failure: LatchkeyError?
        var accepted: KeyProposal?
        var refused: [KeyCandidate] = []
        var wasReached = false

        /// - Parameter pushing: what a key is good for that is made for the connection.
        func road(_ pushing: RelayClient.Pushing) -> Explanation.Road {
            if let failure { return Explanation.Road(road: "ssh", isOpen: false, reason: failure.message) }
            if let accepted {
                return Explanation.Road(
                    road: "ssh",
                    isOpen: true,
                    reason: "the server accepts \(accepted.candidate.label)"
                )
            }
            let reason =
                switch pushing {
                case .unsupported: "it answers, but no key fits"
                case .unknown: "no key fits, unless the instance takes one that is pushed for the connection"
                case .supported: "no key fits, and one can be pushed for the connection"
                }
            return Explanation.Road(road: "ssh", isOpen: pushing == .supported, reason: reason)
        }
    }

    private func ask(
        _ instance: Instance,
        _ options: Options,
        _ verified: [KeyProposal],
        _ rankedKeys: () -> [KeyProposal]
    ) -> Inquiry {
        var inquiry = Inquiry()
        do {
            let connector = try SSHConnector(instance: instance, options: options, broker: self)
            var authenticator = KeyAuthenticator(connector: connector, trace: trace)
            // Reaching it first tells an unknown or changed host key even where there is no key to ask about.
            var slot: UnauthenticatedSession? = try connector.connectAndVerify(trusting: false)
            inquiry.wasReached = true
            inquiry.accepted = try authenticator.firstKnown(of: verified, &slot)
            if inquiry.accepted == nil {
                inquiry.accepted = try authenticator.firstKnown(
                    of: rankedKeys().prefix(KeyAuthenticator.rankedLimit),
                    &slot
                )
            }
            inquiry.refused = authenticator.refused
        } catch let error as LatchkeyError {
            inquiry.failure = error
        } catch {
            inquiry.failure = LatchkeyError(.connectionLost, "\(error)".terminalSafe)
        }
        return inquiry
    }

    /// What the roads through the relay lead to; none where no relay is known.
    private func relayRoads(
        _ presence: RelayClient.Presence?,
        _ pushing: RelayClient.Pushing,
        _ verified: [KeyProposal],
        _ user: Explanation.User
    ) -> [Explanation.Road] {
        func roads(_ isOpen: Bool, ssh: String, shell: String) -> [Explanation.Road] {
            [
                Explanation.Road(
                    road: Road.sshOverRelay.rawValue,
                    isOpen: isOpen && (!verified.isEmpty || pushing == .supported),
                    reason: ssh
                ),
                Explanation.Road(road: Road.relay.rawValue, isOpen: isOpen, reason: shell),
            ]
        }
        switch presence {
        case nil: return []
        case .connected:
            let ssh =
                if verified.isEmpty {
                    pushing == .supported
                        ? "its agent is connected, and a key can be pushed for the connection"
                        : "no key is proved to fit"
                } else { "its agent is connected, and a key is proved to fit" }
            var shell = "its agent is connected, and opens a shell without a key"
            if user.source == "option" { shell += "; by itself not where sshd refuses '\(user.name.terminalSafe)'" }
            if user.name == "root" { shell += "; as root only where its agent is told so (--allow-user root)" }
            return roads(true, ssh: ssh, shell: shell)
        case .absent:
            let reason = "the instance has no agent that is connected to the relay"
            return roads(false, ssh: reason, shell: reason)
        case .unknown(let message):
            let reason = "the relay does not answer: \(message)"
            return roads(false, ssh: reason, shell: reason)
        }
    }

    private func subject(_ instance: Instance, _ selector: String) -> Explanation.Subject {
        let matchedBy =
            if selector == instance.id {
                "id"
            } else if selector == instance.name {
                "name"
            } else if instance.addresses.contains(selector) {
                "address"
            } else if selector.hasPrefix("tag:") {
                "tag"
            } else {
                "prefix"
            }
        return Explanation.Subject(
            id: instance.id,
            name: instance.name,
            state: instance.state,
            addresses: instance.addresses,
            port: instance.port,
            keyName: instance.keyName,
            matchedBy: matchedBy
        )
    }

    private func user(_ instance: Instance, _ options: Options) -> Explanation.User {
        if let user = options.user { return Explanation.User(name: user, source: "option") }
        if let user = instance.user { return Explanation.User(name: user, source: "instance") }
        return Explanation.User(name: Environment.userName, source: "local")
    }

    /// - Parameter rankedKeys: nil if only the verified ones were looked at.
    private func keys(verified: [KeyProposal], rankedKeys: [KeyProposal]?, _ inquiry: Inquiry) -> [Explanation.Key] {
        var chosen: KeyCandidate?
        if let accepted = inquiry.accepted {
            chosen = accepted.candidate
        } else if !inquiry.wasReached {
            chosen = verified.first?.candidate
        }
        var keys: [Explanation.Key] = []
        for proposal in verified + (rankedKeys ?? []) {
            let candidate = proposal.candidate
            let isRefused = inquiry.refused.contains { $0.publicKey == candidate.publicKey }
            let verdict: Explanation.Key.Verdict
            let reason: String
            if candidate == chosen {
                verdict = .chosen
                reason = [
                    proposal.evidence?.explanation,
                    inquiry.accepted == nil ? nil : "the instance accepts it",
                ]
                .compactMap { $0 }.joined(separator: "; ")
            } else if isRefused {
                verdict = .refused
                reason =
                    "the instance does not know it"
                    + (proposal.evidence == .publicKey ? ", though it was launched with it" : "")
            } else if let evidence = proposal.evidence, evidence.isProof {
                verdict = .fits
                reason = evidence.explanation
            } else {
                verdict = .untried
                reason = proposal.evidence?.explanation ?? "nothing says that it belongs to this instance"
            }
            keys.append(Broker.key(candidate, verdict, reason))
        }
        for candidate in rankedKeys == nil ? [] : library.unusable() {
            if let fault = candidate.fault {
                let hint = fault.hint(path: candidate.path ?? "").map { " (\($0))" } ?? ""
                keys.append(Broker.key(candidate, .unusable, fault.reason + hint))
            } else if candidate.publicKey == nil {
                let reason = "behind a passphrase, and no .pub file beside it tells which key it is"
                keys.append(Broker.key(candidate, .untried, reason))
            }
        }
        return keys
    }

    private static func key(
        _ candidate: KeyCandidate,
        _ verdict: Explanation.Key.Verdict,
        _ reason: String
    ) -> Explanation.Key {
        let (name, source) =
            switch candidate.source {
            case .file(let path): (path, "file")
            case .agent(let comment): (comment, "agent")
            case .memory: (candidate.name, "memory")
            }
        return Explanation.Key(
            key: name,
            source: source,
            type: candidate.publicKey?.typeAndSize,
            fingerprint: candidate.publicKey.map(Fingerprint.openSSH),
            verdict: verdict,
            reason: reason
        )
    }

    /// What is left to somebody whose key is lost.
    static func otherWays(into instance: Instance) -> [String] {
        [
            "a colleague whose key still opens it can add yours: latchkey key install '\(instance.displayName)' --key YOURS.pub",
            "its console or its provider's agent (on EC2: the serial console, Session Manager, EC2 Instance Connect, user data) "
                + "can add a line to ~/.ssh/authorized_keys",
            "its disk can be attached to another machine and the line added there; owner and mode of the file must stay",
        ]
    }

    private func advice(
        _ instance: Instance,
        _ registered: KeyPair?,
        _ verified: [KeyProposal],
        _ inquiry: Inquiry,
        isKeyNamed: Bool,
        isShut: Bool,
        wasAsked: Bool
    ) -> [String] {
        var advice: [String] = []
        if isKeyNamed {
            // Somebody who names a key wants to know about that key.
        } else if let name = instance.keyName {
            if let registered, !verified.contains(where: { $0.candidate.publicKey == registered.publicKey }) {
                advice.append(
                    "bring the private half of '\(name.terminalSafe)' (\(Fingerprint.openSSH(registered.publicKey))) to "
                        + "'\(directory.file(for: name).terminalSafe)'"
                )
            } else if registered == nil {
                advice.append(
                    "the key pair '\(name.terminalSafe)' is not registered: latchkey key import '\(name.terminalSafe)' FILE"
                )
            }
        } else if inquiry.accepted == nil, isShut {
            advice.append("no key pair is noted for this instance; --key names one")
        }
        if isShut, wasAsked, inquiry.failure == nil, inquiry.accepted == nil {
            advice += Broker.otherWays(into: instance)
        }
        return advice
    }
}
