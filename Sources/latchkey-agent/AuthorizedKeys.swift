// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyAgent
internal import LatchkeyCommandLine

struct AuthorizedKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the keys that were pushed for a user within the last 60 seconds; for sshd.",
        discussion: """
            In sshd_config:
              AuthorizedKeysCommand /usr/local/bin/latchkey-agent authorized-keys %u
              AuthorizedKeysCommandUser root
            """
    )

    @OptionGroup var state: StateOption

    @Argument(help: ArgumentHelp("The user who logs in.", valueName: "user"))
    var user: String

    func run() throws {
        for line in try PushedKeys.list(for: user, stateFolder: state.folder) { try Output.write(line) }
    }
}
