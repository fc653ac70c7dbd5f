// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how an instance would be entered: which key, which road, and why.",
        discussion: """
            Asks the instance which keys it knows, without logging in. --offline stays off the network.
            """
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @OptionGroup var entry: EntryOptions
    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    @Flag(help: "Do not ask the instance.")
    var offline = false

    @Flag(help: "Look at every key, and list those without evidence, too.")
    var all = false

    func run() throws {
        try entry.reporting(own: 1) {
            let access = control.access()
            let plane = try access.plane()
            let (name, user) = try InstanceChoice.split(name, plane)
            let instance = try InstanceChoice.one(name, of: plane)
            var options = entry.brokerOptions
            options.user = options.user ?? user
            let broker = try access.broker(plane, entry.trace)
            let explanation = try broker.explain(
                instance,
                selector: name,
                options: options,
                asksInstance: !offline,
                listsAll: all
            )
            switch show.output {
            case .json: try Output.print(json: explanation)
            case .table:
                let known = try plane.lastContacts(of: [instance.id])[instance.id]
                Output.print(ExplanationText.render(explanation, state: InstanceText.state(of: instance, known)))
            }
        }
    }
}
