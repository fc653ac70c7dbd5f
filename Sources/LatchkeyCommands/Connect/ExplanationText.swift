// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyModel

/// An explanation in words.
enum ExplanationText {
    /// - Parameter state: the instance's, in words.
    static func render(_ explanation: Explanation, state: String) -> String {
        let instance = explanation.instance
        var lines: [String] = []
        let name = instance.name?.terminalSafe ?? "(no name)"
        lines.append("instance  \(name), \(instance.id), found by its \(instance.matchedBy)")
        let reach =
            instance.addresses.isEmpty
            ? "without an address"
            : "at \(instance.addresses.joined(separator: ", ").terminalSafe), port \(instance.port)"
        lines.append("          \(state), \(reach)")
        let source =
            switch explanation.user.source {
            case "option": "as you said"
            case "instance": "noted for the instance"
            default: "your own name here, since none is noted for the instance"
            }
        lines.append("user      \(explanation.user.name.terminalSafe), \(source)")
        if explanation.hostKeys.isEmpty {
            lines.append("host key  none pinned yet")
        }
        for key in explanation.hostKeys {
            lines.append("host key  \(key.type) \(key.fingerprint), \(message(forSource: key.source))")
        }
        lines += explanation.keys.flatMap { key in
            [
                "key       \(mark(key.verdict)) \(key.key.terminalSafe)\(key.source == "agent" ? " (ssh-agent)" : "")",
                "          \([key.type, key.fingerprint].compactMap { $0 }.joined(separator: " "))",
                "          \(key.reason)",
            ]
            .filter { !$0.allSatisfy { $0 == " " } }
        }
        if let others = explanation.otherKeys, others > 0 {
            let message = "\(others) more key\(others == 1 ? "" : "s") without evidence (--all lists them)"
            lines.append(explanation.keys.isEmpty ? "key       \(message)" : "          \(message)")
        } else if explanation.keys.isEmpty {
            lines.append("key       none on this machine")
        }
        for road in explanation.roads {
            lines.append("road      \(road.isOpen ? "+" : "-") \(road.road): \(road.reason)")
        }
        for advice in explanation.advice { lines.append("advice    \(advice)") }
        return lines.joined(separator: "\n")
    }

    private static func mark(_ verdict: Explanation.Key.Verdict) -> String {
        switch verdict {
        case .chosen: "+"
        case .fits: "="
        case .refused, .unusable: "-"
        case .untried: "?"
        }
    }

    private static func message(forSource source: String) -> String {
        switch source {
        case "given": "given by you"
        case "confirmed": "confirmed by you at the first connection"
        case "agent": "reported by its agent"
        case "console": "read on its console"
        default: "taken at the first connection"
        }
    }
}
