// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeySQLite

struct InstanceTag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Set and remove tags; Name=… renames the instance.",
        discussion: "latchkey instance tag web-1 env=prod role=db --remove owner"
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @Argument(help: ArgumentHelp("Tags to set.", valueName: "key=value"))
    var tags: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A tag to remove; may be given several times.", valueName: "key"))
    var remove: [String] = []

    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func validate() throws {
        if tags.isEmpty && remove.isEmpty { throw ValidationError("no tag is given") }
    }

    func run() throws {
        let set = try TagOptions.read(tags)
        let store = try control.requireLocal("instance tag", "aws ec2 create-tags sets tags there").store()
        try store.tag(try InstanceChoice.one(name, of: store).id, set: set, remove: remove)
    }
}
