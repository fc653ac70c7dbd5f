// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyControl
internal import LatchkeyModel

struct InstanceShow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all about an instance.")

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let instance = try control.access().plane().instance(named: name)
        try show.render(instance, lines: InstanceText.lines(instance))
    }
}
