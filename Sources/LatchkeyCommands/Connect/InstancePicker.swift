// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyTerminal

/// Lets the user pick an instance from a list by typing.
enum InstancePicker {
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
                "there is no instance yet",
                hint: "latchkey instance add NAME --address HOST adds one"
            )
        }
        let rows = instances.map(InstanceText.row)
        let widths = InstanceText.header.indices.map { column in rows.map { $0[column].terminalWidth }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
        }
        guard let index = try Picker.pick(lines, prompt: "connect to: ") else {
            throw LatchkeyError(.cancelled, "nothing was chosen")
        }
        return instances[index]
    }
}
