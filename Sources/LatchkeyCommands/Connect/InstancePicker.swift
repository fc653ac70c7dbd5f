// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal

/// Lets the user pick an instance from a list by typing.
enum InstancePicker {
    /// One of all that there are.
    ///
    /// - Throws: `usage` where there is no terminal to pick at, `instanceNotFound` where there is nothing to pick,
    ///   `cancelled`.
    static func pick(_ plane: any ControlPlane) throws -> Instance {
        guard Terminal.isInteractive else {
            throw LatchkeyError(.usage, "no instance is named", hint: "latchkey connect NAME")
        }
        let instances = try plane.instances().filter { $0.state != .terminated }
        guard !instances.isEmpty else {
            throw LatchkeyError(
                .instanceNotFound,
                "no instances yet",
                hint: "latchkey instance add NAME --address HOST adds one"
            )
        }
        return try pick(instances, try plane.lastContacts(of: instances.map(\.id)), prompt: "connect to: ")
    }

    /// One of several. They are looked for by name, id, address and tags.
    ///
    /// - Throws: `cancelled`.
    static func pick(
        _ instances: [Instance],
        _ known: [Instance.ID: LastContact],
        prompt: String
    ) throws -> Instance {
        let rows = instances.map { InstanceText.row($0, known[$0.id]) }
        let widths = InstanceText.header.indices.map { column in rows.map { $0[column].terminalWidth }.max() ?? 0 }
        let items = zip(instances, rows)
            .map { instance, row in
                PickItem(
                    line: zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  "),
                    fields: [instance.name ?? "", instance.id] + instance.addresses
                        + instance.tags.filter { $0.key != Tags.nameKey }.map { "\($0.key)=\($0.value)" }
                )
            }
        guard let index = try Picker.pick(items, prompt: prompt) else {
            throw LatchkeyError(.cancelled, "nothing was chosen")
        }
        return instances[index]
    }
}
