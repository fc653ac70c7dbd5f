// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyKeys
internal import LatchkeyModel

struct InstanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instance",
        abstract: "Add, launch, list and change instances.",
        subcommands: [
            InstanceAdd.self, InstanceLaunch.self, InstanceList.self, InstanceShow.self, InstanceTag.self,
            InstanceTrust.self, InstancePassword.self, InstanceStart.self, InstanceStop.self, InstanceReboot.self,
            InstanceTerminate.self, InstanceRemove.self,
        ]
    )
}

/// An instance in words, safe for a terminal.
enum InstanceText {
    static let header = ["NAME", "ID", "STATE", "ADDRESS", "USER", "KEY", "TAGS"]

    static func row(_ instance: Instance) -> [String] {
        [
            instance.name?.terminalSafe ?? "-", instance.id, instance.state.rawValue, place(instance),
            instance.user?.terminalSafe ?? "-", instance.keyName?.terminalSafe ?? "-",
            instance.tags.listed.isEmpty ? "-" : instance.tags.listed,
        ]
    }

    static func lines(_ instance: Instance) -> [(String, String)] {
        var lines = [
            ("name", instance.name?.terminalSafe ?? "-"), ("id", instance.id), ("state", instance.state.rawValue),
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

    private static func place(_ instance: Instance) -> String {
        guard let first = instance.addresses.first?.terminalSafe else { return "-" }
        let port = instance.port == Instance.defaultPort ? "" : ":\(instance.port)"
        return first.contains(":") && !port.isEmpty ? "[\(first)]\(port)" : first + port
    }
}
