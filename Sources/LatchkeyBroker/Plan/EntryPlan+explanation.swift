// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel

/// What `explain` tells of a plan.
extension EntryPlan {
    /// - Parameter selector: what the user wrote.
    func subject(_ selector: String) -> Explanation.Subject {
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

    var hostKeys: [Explanation.HostKey] {
        instance.hostKeys.map {
            Explanation.HostKey(
                type: $0.key.typeName,
                fingerprint: Fingerprint.openSSH($0.key),
                source: $0.source.rawValue
            )
        }
    }

    // MARK: Roads

    /// Every road that there is, and whether it is open.
    ///
    /// - Parameter agent: nil where no relay is known.
    func roads(_ probe: EntryProbe, agent: AgentPresence?) -> [Explanation.Road] {
        let pushing = agent.map(pushing) ?? .unsupported
        return [directRoad(probe, pushing)] + (agent.map { relayRoads($0, pushing) } ?? [])
    }

    private func directRoad(_ probe: EntryProbe, _ pushing: Pushing) -> Explanation.Road {
        if let failure = probe.failure {
            return Explanation.Road(road: Road.ssh.rawValue, isOpen: false, reason: failure.message)
        }
        if let accepted = probe.accepted {
            return Explanation.Road(
                road: Road.ssh.rawValue,
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
        return Explanation.Road(road: Road.ssh.rawValue, isOpen: pushing == .supported, reason: reason)
    }

    private func relayRoads(_ agent: AgentPresence, _ pushing: Pushing) -> [Explanation.Road] {
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
        switch agent {
        case .connected:
            let ssh =
                if verified.isEmpty {
                    pushing == .supported
                        ? "its agent is connected, and a key can be pushed for the connection"
                        : "no key is proved to fit"
                } else { "its agent is connected, and a key is proved to fit" }
            var shell = "its agent is connected, and opens a shell without a key"
            if user.source == .option { shell += "; by itself not where sshd refuses '\(user.name.terminalSafe)'" }
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

    // MARK: Keys

    /// Every key that was looked at, and what becomes of it.
    ///
    /// - Parameters:
    ///   - ranked: nil if only the verified ones were looked at.
    ///   - unusable: files that hold keys, and cannot be used as they are.
    func keys(ranked: [KeyProposal]?, unusable: [KeyCandidate], _ probe: EntryProbe) -> [Explanation.Key] {
        var chosen: KeyCandidate?
        if let accepted = probe.accepted {
            chosen = accepted.candidate
        } else if !probe.wasReached {
            chosen = verified.first?.candidate
        }
        var keys: [Explanation.Key] = []
        for proposal in verified + (ranked ?? []) {
            let candidate = proposal.candidate
            let isRefused = probe.refused.contains { $0.publicKey == candidate.publicKey }
            let verdict: Explanation.Key.Verdict
            let reason: String
            if candidate == chosen {
                verdict = .chosen
                reason = [
                    proposal.evidence?.explanation,
                    probe.accepted == nil ? nil : "the instance accepts it",
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
            keys.append(EntryPlan.key(candidate, verdict, reason))
        }
        for candidate in ranked == nil ? [] : unusable {
            if let fault = candidate.fault {
                let hint = fault.hint(path: candidate.path ?? "").map { " (\($0))" } ?? ""
                keys.append(EntryPlan.key(candidate, .unusable, fault.reason + hint))
            } else if candidate.publicKey == nil {
                let reason = "behind a passphrase, and no .pub file beside it tells which key it is"
                keys.append(EntryPlan.key(candidate, .untried, reason))
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

    // MARK: What to do

    /// What is left to those whose key is lost.
    private var otherWays: [String] {
        [
            "a colleague whose key still opens it can add yours: latchkey key install '\(instance.displayName)' --key YOURS.pub",
            "its console or its provider's agent (on EC2: the serial console, Session Manager, EC2 Instance Connect, user data) "
                + "can add a line to ~/.ssh/authorized_keys",
            "its disk can be attached to another machine and the line added there; owner and mode of the file must stay",
        ]
    }

    /// What would have to change, or what to do next.
    ///
    /// - Parameters:
    ///   - probe: nil if the instance was not asked.
    ///   - file: where the private half of a key pair belongs on this machine.
    func advice(_ probe: EntryProbe?, isShut: Bool, file: (String) -> String) -> [String] {
        var advice: [String] = [probe?.failure?.hint].compactMap(\.self)
        if isKeyNamed {
            // Who names a key wants to know about that key.
        } else if let name = instance.keyName {
            if let registered, !verified.contains(where: { $0.candidate.publicKey == registered.publicKey }) {
                advice.append(
                    "bring the private half of '\(name.terminalSafe)' (\(Fingerprint.openSSH(registered.publicKey))) to "
                        + "'\(file(name).terminalSafe)'"
                )
            } else if registered == nil {
                advice.append(
                    "the key pair '\(name.terminalSafe)' is not registered: latchkey key import '\(name.terminalSafe)' FILE"
                )
            }
        } else if probe?.accepted == nil, isShut {
            advice.append("no key pair is noted for this instance; --key names one")
        }
        if isShut, let probe, probe.failure == nil, probe.accepted == nil { advice += otherWays }
        return advice
    }
}
