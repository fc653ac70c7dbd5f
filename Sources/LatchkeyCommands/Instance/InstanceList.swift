// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeySQLite

struct InstanceList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List instances.",
        aliases: ["ls"]
    )

    @Argument(
        help: "Only these: a name, id, address, tag:KEY=VALUE or a beginning.",
        completion: .custom(Completions.instances)
    )
    var selector: String?

    @OptionGroup var list: ListOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let plane = try access.plane()
        let instances =
            try selector.map { selector in
                try plane.instances(matching: InstanceSelector(selector), limit: 100_000)
                    .sorted { $0.naturallyPrecedes($1) }
            } ?? plane.instances()
        let known = try plane.lastContacts(of: instances.map(\.id))
        let isFirstUse = access.isLocal && selector == nil
        try list.render(
            instances,
            header: InstanceText.header,
            quiet: \.id,
            empty: isFirstUse ? "no instances yet: latchkey instance add NAME --address HOST adds one" : nil
        ) { InstanceText.row($0, known[$0.id]) }
    }
}
