// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyTerminal

extension SSHConnector {
    /// Host keys are pinned by the instance's id, so that an address which another machine took over gives nothing away.
    ///
    /// - Throws: `hostKeyChanged`; `hostKeyUnknown` where there is no user to ask; `cancelled` where the user said no.
    func check(_ key: PublicKey, trusting: Bool) throws {
        if trusted.contains(key) {
            broker.trace.step("host key is the pinned one, \(key.typeName) \(Fingerprint.openSSH(key))")
            return
        }
        guard trusted.isEmpty else { throw changed(key) }
        let attested = try broker.control.attestedHostKeys(of: instance)
        if !attested.isEmpty {
            broker.trace.step("\(attested.count) host keys are known from the control plane")
            try broker.control.pinHostKeys(attested, for: instance.id)
            trusted = attested.map(\.key)
            guard trusted.contains(key) else { throw changed(key) }
            return
        }
        let source = try trust(key, asking: trusting)
        broker.trace.step("host key is pinned from now on, \(key.typeName) \(Fingerprint.openSSH(key))")
        try broker.control.pinHostKeys([HostKey(key: key, source: source, pinned: Date())], for: instance.id)
        trusted = [key]
    }

    private func changed(_ key: PublicKey) -> LatchkeyError {
        var known = instance.hostKeys.map {
            "\($0.key.typeName) \(Fingerprint.openSSH($0.key)) since \($0.pinned.formatted(.iso8601.year().month().day()))"
        }
        if known.isEmpty { known = trusted.map { "\($0.typeName) \(Fingerprint.openSSH($0)) since a moment ago" } }
        return LatchkeyError(
            .hostKeyChanged,
            "the host key of '\(instance.displayName)' (\(instance.id)) is not the one that is pinned: "
                + "\(endpoint) shows \(key.typeName) \(Fingerprint.openSSH(key)), pinned is \(known.joined(separator: ", "))",
            hint: "another machine may be answering there; if you know that this one was rebuilt: "
                + "latchkey instance trust '\(instance.displayName)' --forget"
        )
    }

    private func trust(_ key: PublicKey, asking: Bool) throws -> HostKey.Source {
        if options.acceptsNewHostKey && asking { return .firstUse }
        let fingerprint = "\(key.typeName) \(Fingerprint.openSSH(key))"
        let question = """
            The host key of '\(instance.displayName)' (\(instance.id)) is not known yet.
            \(endpoint) shows \(fingerprint)
            Trust this host key and remember it? (yes/no) \

            """
        let answer = asking && options.isAttended ? try broker.interaction.confirm(question) : nil
        guard let answer else {
            throw LatchkeyError(
                .hostKeyUnknown,
                "the host key of '\(instance.displayName)' is not known yet: \(endpoint) shows \(fingerprint)",
                hint: "pin it with latchkey instance trust '\(instance.displayName)' --host-key LINE, "
                    + "or take the first one seen with --accept-new-host-key"
            )
        }
        guard answer else {
            throw LatchkeyError(.cancelled, "the host key was not trusted", hint: "nothing was sent to \(endpoint)")
        }
        return .confirmed
    }
}
