// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
internal import LatchkeyModel

/// An instance in words, safe for a terminal.
enum InstanceText {
    static let header = ["NAME", "ID", "STATE", "ADDRESS", "USER", "KEY", "TAGS"]

    static func row(_ instance: Instance, _ contact: LastContact?) -> [String] {
        [
            instance.name?.terminalSafe ?? "-", instance.id, state(of: instance, contact), place(instance),
            instance.user?.terminalSafe ?? "-", instance.keyName?.terminalSafe ?? "-",
            instance.tags.listed.isEmpty ? "-" : instance.tags.listed,
        ]
    }

    static func lines(_ instance: Instance, _ contact: LastContact?) -> [(String, String)] {
        var lines = [
            ("name", instance.name?.terminalSafe ?? "-"), ("id", instance.id),
            ("state", state(of: instance, contact)),
            ("addresses", instance.addresses.isEmpty ? "-" : instance.addresses.joined(separator: ", ").terminalSafe),
            ("port", String(instance.port)),
            ("user", instance.user?.terminalSafe ?? "-"), ("key", instance.keyName?.terminalSafe ?? "-"),
            ("tags", instance.tags.listed.isEmpty ? "-" : instance.tags.listed),
        ]
        if instance.hostKeys.isEmpty { lines.append(("host key", "none pinned yet")) }
        for key in instance.hostKeys {
            let date = key.pinned.formatted(.iso8601.year().month().day())
            lines.append(
                (
                    "host key",
                    "\(key.key.typeAndSize) \(Fingerprint.openSSH(key.key)), \(key.source.rawValue) on \(date)"
                )
            )
        }
        lines.append(("added", instance.created.formatted(.iso8601)))
        return lines
    }

    /// For a machine that was not launched here, what is known of it: that it was added, or when it was reached.
    static func state(of instance: Instance, _ contact: LastContact?, now: Date = Date()) -> String {
        guard instance.state == .running, let contact else { return instance.state.rawValue }
        return switch contact {
        case .added: "added"
        case .reached(let date): "reached \(age(of: date, now))"
        }
    }

    private static func age(of date: Date, _ now: Date) -> String {
        // A clock that was set back makes nothing happen in the future.
        let seconds = max(0, Int(now.timeIntervalSince(date)))
        return switch seconds {
        case ..<60: "just now"
        case ..<3600: "\(seconds / 60) min ago"
        case ..<86400: "\(seconds / 3600) h ago"
        default: "\(seconds / 86400) d ago"
        }
    }

    private static func place(_ instance: Instance) -> String {
        guard let first = instance.addresses.first?.terminalSafe else { return "-" }
        let port = instance.port == Instance.defaultPort ? "" : ":\(instance.port)"
        return first.contains(":") && !port.isEmpty ? "[\(first)]\(port)" : first + port
    }
}
