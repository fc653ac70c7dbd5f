// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct InstanceTrust: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Pin host keys of an instance, or forget them.",
        discussion: """
            The keys given take the place of those pinned before. After --forget alone, the next connection asks again.
            """
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @OptionGroup var hostKeys: HostKeyOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    @Flag(help: "Forget the host keys that are pinned.")
    var forget = false

    func run() throws {
        let keys = try hostKeys.read()
        guard !keys.isEmpty || forget else {
            throw LatchkeyError(
                .usage,
                "no host key is given",
                hint: "--host-key LINE, --host-keys-from FILE or --forget"
            )
        }
        let plane = try control.access().plane()
        let instance = try InstanceChoice.one(name, of: plane)
        try plane.replaceHostKeys(keys, for: instance.id)
        Console.note(
            "latchkey: \(keys.isEmpty ? "no" : "\(keys.count)") host key\(keys.count == 1 ? "" : "s") pinned for "
                + "'\(instance.displayName)' (\(instance.id))"
        )
    }
}
