// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyModel
internal import LatchkeySQLite

struct InstanceShow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all about an instance.")

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let plane = try access.plane()
        let instance = try InstanceChoice.one(name, of: plane)
        var lines = InstanceText.lines(instance, try plane.lastContacts(of: [instance.id])[instance.id])
        // Of no use to programs, which ask the relay themselves, and may not wait for it.
        if show.output == .table, let status = try access.relay()?.status(of: instance) {
            lines += InstanceShow.lines(status)
        }
        try show.render(instance, lines: lines)
    }

    /// What the relay says of the instance's agent.
    static func lines(_ status: GetConnectionStatus.Response) -> [(String, String)] {
        var texts: [String] = []
        if status.status == "connected" {
            texts.append("connected to the relay")
        } else if let seen = status.latchkeyLastSeen {
            texts.append("not connected to the relay since \(seen.formatted(.iso8601))")
            if status.latchkeyAgentName == "amazon-ssm-agent" {
                texts.append("it is Amazon's, which may wait for up to 40 minutes before it tries again")
                texts.append("there, this has it try at once: systemctl restart amazon-ssm-agent")
            }
        }
        if let date = status.latchkeyCopied {
            texts.append("a second machine with its registration was turned away at \(date.formatted(.iso8601))")
            texts.append("one is a copy of the other, and has to be registered anew")
        }
        return texts.enumerated().map { ($0.offset == 0 ? "agent" : "", $0.element) }
    }
}
