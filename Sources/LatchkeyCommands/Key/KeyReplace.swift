// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyModel

struct KeyReplace: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Replace the key that opens instances with another one.",
        discussion: """
            latchkey key create web-2026
            latchkey key replace web-1 --with web-2026
            latchkey key replace --on tag:env=prod --with web-2026

            Adds the new key, proves it by a fresh login with it alone, and only then takes the old one away; its options \
            go to the new one. Wherever this is interrupted, one of the two keys opens, and running it again finishes.
            """
    )

    @Option(
        name: [.customShort("w"), .long],
        help: ArgumentHelp("The new key: a key pair's name or a private key's file.", valueName: "key"),
        completion: .custom(Completions.keys)
    )
    var with: String

    @OptionGroup var change: KeyChangeOptions

    func run() throws {
        let isRehearsal = change.dryRun
        try change.run("replacing", key: with, unlocks: true) { broker, instance, new, options in
            try broker.replaceKey(of: instance, with: new, options: options, isRehearsal: isRehearsal)
        }
    }
}
