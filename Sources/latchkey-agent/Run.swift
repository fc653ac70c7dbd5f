// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyAgent
internal import LatchkeyCommandLine
internal import LatchkeySystem

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve until stopped.",
        discussion: "Sessions end with the agent. It reconnects to its latchkeyd by itself."
    )

    @OptionGroup var state: StateOption

    @Option(
        help: ArgumentHelp(
            "The user of sessions that ask for none; else ssm-user, made when it is needed, or the user that runs this.",
            valueName: "user"
        )
    )
    var defaultUser: String?

    @Option(
        name: .customLong("allow-user"),
        help: ArgumentHelp(
            "A user that sessions may run as, and no other but these; else all but root.",
            valueName: "user"
        )
    )
    var allowedUsers: [String] = []

    @Option(
        name: .customLong("deny"),
        help: ArgumentHelp(
            "An address or range that no port session leads to; replaces the standard ones, where clouds have metadata.",
            valueName: "cidr"
        )
    )
    var denied: [String] = []

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        var options = Agent.Options(stateFolder: state.folder)
        options.defaultUser = defaultUser
        options.allowedUsers = allowedUsers
        options.deniedAddresses = denied.isEmpty ? nil : denied
        let agent = try Agent(options) { Console.note("latchkey-agent: \($0)") }
        try StopSignals.handle {
            agent.stop()
            ProcessSurroundings.end(0)
        }
        agent.run()
    }
}
