// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite

/// What the commands have in common that change the states of launched instances.
struct StateChangeOptions: ParsableArguments {
    @Argument(help: "The instances: whole names, ids or addresses.", completion: .custom(Completions.instances))
    var names: [String]

    @OptionGroup(title: "Control plane") var control: ControlOptions

    /// Prints the ids of those that were changed.
    func run(_ change: EC2Operations.Change, _ waiting: WaitOptions) throws {
        let access = control.access()
        let operations = try access.operations()
        let plane = try access.plane()
        // All are looked up before any is changed: a slip in the last name must not cost the first ones.
        var chosen: [Instance] = []
        for name in names {
            let instance = try plane.instance(named: name)
            try StateChangeOptions.check(instance, meant: name, change)
            if !chosen.contains(where: { $0.id == instance.id }) { chosen.append(instance) }
        }
        let ids = chosen.map(\.id)
        let deadline = waiting.deadline
        try operations.change(ids, change)
        if waiting.isWanted {
            let named = Dictionary(uniqueKeysWithValues: chosen.map { ($0.id, $0.displayName) })
            try waiting.wait(for: named, until: change.result, operations, deadline)
            if change.result == .running {
                let broker = try access.broker(plane, .off)
                for id in ids { try waiting.waitForEntry(id, plane, broker, deadline) }
            }
        }
        Output.print(ids.joined(separator: "\n"))
    }

    /// The beginning of a name is good enough to look at an instance, not to stop it.
    private static func check(_ instance: Instance, meant name: String, _ change: EC2Operations.Change) throws {
        guard instance.isMeantByBeginning(name) else { return }
        throw LatchkeyError(
            .usage,
            "'\(name.terminalSafe)' is only the beginning of '\(instance.displayName)' (\(instance.id))",
            hint: "latchkey instance \(change.rawValue) '\(instance.displayName)', if that one is meant"
        )
    }
}

extension EC2Operations.Change {
    /// Where it ends.
    fileprivate var result: InstanceState {
        switch self {
        case .start, .reboot: .running
        case .stop: .stopped
        case .terminate: .terminated
        }
    }
}
