// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel

/// What to say when no key has led in.
extension EntryPlan {
    /// The instance was asked about these keys, and knows none of them.
    func refusal(of refused: [KeyCandidate], hint: String?) -> LatchkeyError {
        let labels = refused.map(\.label).joined(separator: ", ")
        return LatchkeyError(
            .loginRefused,
            "'\(instance.displayName)' does not let '\(user.name.terminalSafe)' in with \(labels)",
            hint: hint
        )
    }

    /// The named key does not fit.
    func namedKeyRefused(_ refused: [KeyCandidate]) -> LatchkeyError {
        refusal(of: refused, hint: "latchkey explain '\(instance.displayName)' shows what else there is")
    }

    /// What is left to those whose key is lost, in short.
    private var wayBack: String {
        "to get back in: latchkey key install -i KEY '\(instance.displayName)' (needs its agent), ask a colleague whose key works, "
            + "or use the provider's console"
    }

    /// - Parameters:
    ///   - refused: the keys that the instance was asked about.
    ///   - others: how many keys there are in all besides those that are verified.
    func noKeyFits(_ refused: [KeyCandidate], others: Int) -> LatchkeyError {
        let explain = "latchkey explain '\(instance.displayName)' tells about each key"
        if !verified.isEmpty {
            return LatchkeyError(
                .loginRefused,
                "'\(instance.displayName)' does not let '\(user.name.terminalSafe)' in with its own key pair, "
                    + "nor with \(refused.count - 1 > 0 ? "\(refused.count - 1) other keys" : "any other key")",
                hint: "is the user right (--user)? \(explain)"
            )
        }
        if let registered {
            return LatchkeyError(
                .noKeyFits,
                "the private half of the key pair '\(registered.name.terminalSafe)' of '\(instance.displayName)' is not on "
                    + "this machine, and \(refused.isEmpty ? "there is no other key" : "none of \(refused.count) other keys fits")",
                hint: "it is \(registered.type) \(Fingerprint.openSSH(registered.publicKey)); \(wayBack); \(explain)"
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
        return LatchkeyError(.noKeyFits, tried, hint: "name one with --key; \(wayBack); \(explain)")
    }
}
