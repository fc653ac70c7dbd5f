// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyModel

struct KeyInstall: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Add one more key to instances.",
        discussion: """
            latchkey key install web-1 --key ci
            latchkey key install --on tag:env=prod --key colleague.pub

            Adds the public key to the login user's authorized_keys, whose lines, order, owner and mode stay as they are, \
            and makes sure that the instance knows it then.
            """
    )

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp(
            "The key to add: a key pair's name, or a file with a public or private key.",
            valueName: "key"
        ),
        completion: .custom(Completions.keys)
    )
    var key: String

    @OptionGroup var change: KeyChangeOptions

    func run() throws {
        let isRehearsal = change.dryRun
        try change.run("installing", key: key, unlocks: false) { broker, instance, new, options in
            try broker.install(new, on: instance, options: options, isRehearsal: isRehearsal)
        }
    }
}
