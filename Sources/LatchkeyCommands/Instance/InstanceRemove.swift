// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite

struct InstanceRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forget an instance; the machine itself is not touched.",
        aliases: ["rm"]
    )

    @Argument(help: "The instances.", completion: .custom(Completions.instances))
    var names: [String]

    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func run() throws {
        let store = try control.requireLocal("instance remove").store()
        // All are looked up before any is removed: a slip in the last name must not cost the first ones.
        let instances = try names.map { try InstanceChoice.one($0, of: store, offersSeveral: false) }
        for instance in instances {
            try store.removeInstance(instance.id)
            Output.print(instance.id)
        }
    }
}
