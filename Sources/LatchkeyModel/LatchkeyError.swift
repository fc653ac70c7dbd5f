// SPDX-License-Identifier: Apache-2.0

/// What went wrong, in one line for people, a code for programs, and a hint on what to do next.
///
/// The message has no capital and no full stop, and puts names in single quotes, for example
/// `no instance named 'web-9'`. Text that came from another machine must have passed through
/// ``Swift/String/terminalSafe`` before it becomes part of a message or hint.
package struct LatchkeyError: Error, Codable, Equatable, Sendable {
    /// The closed list of what can go wrong. Its raw values are part of the JSON output and do not change.
    package enum Code: String, CaseIterable, Codable, Sendable {
        case usage
        case nameInvalid
        case instanceNotFound
        case instanceAmbiguous
        case instanceExists
        case instanceNotRunning
        case instanceUnreachable
        case keyNotFound
        case keyExists
        case keyUnusable
        case accessKeyNotFound
        case activationInvalid
        case activationExpired
        case activationExhausted
        case noKeyFits
        case passphraseWrong
        case passphraseUnavailable
        case hostKeyUnknown
        case hostKeyChanged
        case loginRefused
        /// sshd knows a key, or would take one, and yet does not let this user in.
        case userRefused
        /// sshd has taken a key and demands more than there is.
        case loginIncomplete
        case requestRefused
        case credentialsUnavailable
        case controlPlaneUnreachable
        case passwordNotReady
        case connectionLost
        case relayUnreachable
        case agentNotConnected
        case sessionNotFound
        case storeUnavailable
        /// Others kept it for so long that it was not waited for any longer.
        case storeBusy
        case storeDamaged
        case storeNewer
        case storageFull
        case fileUnusable
        case configurationInvalid
        case cancelled
    }

    package let code: Code
    /// What went wrong, in one line.
    package let message: String
    /// What to do next; nil where there is nothing to do.
    package let hint: String?
    /// The underlying library's words, for `-v` and logs only.
    package let cause: String?

    package init(_ code: Code, _ message: String, hint: String? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}

extension LatchkeyError {
    package static func instanceNotFound(_ selector: String, similar: [String] = []) -> LatchkeyError {
        let hint =
            similar.isEmpty
            ? "latchkey instance list shows the ones there are"
            : "did you mean \(similar.map { "'\($0.terminalSafe)'" }.joined(separator: " or "))?"
        return LatchkeyError(.instanceNotFound, "no instance matches '\(selector.terminalSafe)'", hint: hint)
    }

    /// More than one instance matches; `matches` are shown in the order given, at most eight of them.
    package static func instanceAmbiguous(_ selector: String, matches: [Instance]) -> LatchkeyError {
        let shown = matches.prefix(8).map { "\($0.displayName) (\($0.id))" }
        let rest = matches.count > shown.count ? ", and more" : ""
        return LatchkeyError(
            .instanceAmbiguous,
            "'\(selector.terminalSafe)' matches several instances: \(shown.joined(separator: ", "))\(rest)",
            hint: "use an id or the full name"
        )
    }

    package static func keyNotFound(_ name: String) -> LatchkeyError {
        LatchkeyError(
            .keyNotFound,
            "no key pair named '\(name.terminalSafe)'",
            hint: "latchkey key list shows the ones there are"
        )
    }

    package static func keyExists(_ name: String) -> LatchkeyError {
        LatchkeyError(
            .keyExists,
            "a key pair named '\(name.terminalSafe)' exists already",
            hint: "choose another name, or see latchkey key show '\(name.terminalSafe)'"
        )
    }

    /// A new name that people could take for another one, which exists.
    ///
    /// - Parameters:
    ///   - what: what has names, for example `instance`.
    ///   - id: whose name the other one is; nil where it says so itself.
    package static func lookAlike(_ name: String, of other: String, _ what: String, id: String? = nil) -> LatchkeyError
    {
        let owner = id.map { " (\($0))" } ?? ""
        return LatchkeyError(
            .nameInvalid,
            "'\(name.terminalSafeASCII)' looks like the name of the \(what) '\(other.terminalSafeASCII)'\(owner), and is another",
            hint: "choose one that cannot be mistaken for it"
        )
    }

    package static func accessKeyNotFound(_ id: String) -> LatchkeyError {
        LatchkeyError(
            .accessKeyNotFound,
            "no access key '\(id.terminalSafe)'",
            hint: "latchkeyd access-key list shows the ones there are"
        )
    }

    /// The same for an id that is not known and for a wrong code, so that no caller learns which ids there are.
    package static func activationInvalid() -> LatchkeyError {
        LatchkeyError(
            .activationInvalid,
            "there is no such activation, or its code is wrong",
            hint: "check the activation's id and code, or make a new activation"
        )
    }

    package static func activationNotFound(_ id: String) -> LatchkeyError {
        LatchkeyError(
            .activationInvalid,
            "no activation '\(id.terminalSafe)'",
            hint: "latchkeyd activation list shows the ones there are"
        )
    }

    package static func activationExpired() -> LatchkeyError {
        LatchkeyError(.activationExpired, "the activation has expired", hint: "make a new activation")
    }

    /// As many instances as the activation allows have registered.
    package static func activationExhausted(limit: Int) -> LatchkeyError {
        LatchkeyError(
            .activationExhausted,
            "the activation was for \(limit) \(limit == 1 ? "instance" : "instances"), and all of them have registered",
            hint: "make a new activation"
        )
    }
}
