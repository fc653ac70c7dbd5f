// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyAgent
internal import LatchkeyCommandLine

struct AuthorizedKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorized-keys",
        abstract: "List the keys that were pushed for a user within the last 60 seconds; for sshd.",
        discussion: """
            In sshd_config:
              AuthorizedKeysCommand /usr/local/bin/latchkey-agent authorized-keys %u
              AuthorizedKeysCommandUser root

            It takes five seconds at the most. If the latchkeyd does not answer within them, its last answer counts, each key \
            for its 60 seconds.
            """
    )

    @OptionGroup var state: StateOption

    @Argument(help: ArgumentHelp("The user who logs in.", valueName: "user"))
    var user: String

    func run() throws {
        let lines = try PushedKeys.list(for: user, stateFolder: state.folder) { Console.note("latchkey-agent: \($0)") }
        for line in lines { try Output.write(line) }
    }
}
