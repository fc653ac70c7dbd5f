// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct Connect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open a shell on an instance, or run one command there.",
        usage: "latchkey connect [<options>] [<name>] [<command> ...]",
        discussion: """
            NAME is a name, an id, an address, tag:KEY=VALUE, or the beginning of a name or id that only one instance \
            has; USER@NAME works too. Without a NAME, choose one from a list by typing.

            The words after the NAME are the command, options among them included; -- may stand before it, and must where \
            there is no NAME. Several words reach the instance as exactly these words; a single word is a line for the \
            remote shell, as with: latchkey connect web-1 'cd /srv && ls | wc -l'

            The exit status is the command's own, 128 and the signal's number if it died by one, or 255 if Latchkey \
            itself failed. In a shell, ~. at the beginning of a line ends the connection, ~? shows the other escapes.
            """
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String?

    @OptionGroup var entry: EntryOptions

    @OptionGroup var passphrase: PassphraseOptions

    @Flag(name: [.customShort("t")], help: "Allocate a terminal, for a command, too.")
    var terminal = false

    @Flag(name: [.customShort("T")], help: "Allocate no terminal.")
    var noTerminal = false

    @Flag(name: [.customShort("n")], help: "Give the command an empty input.")
    var noInput = false

    @Option(
        help: ArgumentHelp(
            "Seconds of silence after which a keep-alive is sent; three without an answer end the connection.",
            valueName: "seconds"
        )
    )
    var keepAlive = 15

    @Option(
        help: ArgumentHelp(
            "The only road to take: ssh, ssh-over-relay or relay; else the best one that is open.",
            valueName: "road"
        )
    )
    var road: Road?

    @Flag(help: "Take and remember the host key of an instance that has none pinned yet.")
    var acceptNewHostKey = false

    @OptionGroup(title: "Control plane") var control: ControlOptions

    @Argument(parsing: .postTerminator, help: "The command to run.")
    var command: [String] = []

    func validate() throws {
        if !(1...86400).contains(keepAlive) {
            throw ValidationError("--keep-alive must be between 1 and 86400 seconds")
        }
        if terminal && noTerminal { throw ValidationError("-t and -T exclude each other") }
    }

    func run() throws {
        try Failure.pass(on: try entry.reporting(own: Failure.ownFailure, enter))
    }

    private func enter() throws -> Broker.RunOutcome {
        let trace = entry.trace
        let access = control.access()
        let plane = try access.plane()
        var options = entry.brokerOptions
        options.acceptsNewHostKey = acceptNewHostKey
        let (instance, user) = try target(plane)
        options.user = options.user ?? user
        trace.step("instance \(instance.id), '\(instance.displayName)'")

        let broker = try access.broker(plane, trace, try passphrase.keyring())
        options.road = road
        var run = Broker.Run()
        try RemoteCommand.check(command)
        run.command = command
        run.terminal = terminal ? .always : noTerminal ? .never : .automatic
        run.forwardsInput = !noInput
        run.probeInterval = keepAlive
        let entry = try broker.enter(instance, options, run)
        // A shell may stay open for days, and needs no key any more.
        broker.keyring.removeAll()
        let isShown = command.isEmpty && !noTerminal && Terminal.isInteractive
        switch consume entry {
        case .ssh(let login, let road):
            if isShown {
                Console.note(
                    "latchkey: '\(instance.displayName)' over \(road.rawValue) as '\(login.user.terminalSafe)' with "
                        + login.proposal.candidate.label
                )
            }
            return try broker.run(run, over: login, on: instance)
        case .relay(let process, let session):
            if isShown {
                let user = session.user.map { " as '\($0.terminalSafe)'" } ?? ""
                // It always reports a shell's status as 0, which says nothing.
                let agent = session.agentIsOfficial ? "; its agent, Amazon's, does not tell a shell's exit status" : ""
                Console.note("latchkey: '\(instance.displayName)' over relay\(user), session \(session.id)\(agent)")
            }
            return try broker.run(run, over: process, session, on: instance.displayName)
        }
    }

    /// The instance that was named or is picked, and the user before an `@`.
    private func target(_ plane: any ControlPlane) throws -> (Instance, user: String?) {
        guard let name else { return (try InstancePicker.pick(plane), nil) }
        let (host, user) = try InstanceChoice.split(name, plane)
        return (try Connect.instance(host, plane, user: user ?? entry.user), user)
    }

    /// - Throws: `instanceNotFound`, for an address with how to add it.
    private static func instance(_ name: String, _ plane: any ControlPlane, user: String?) throws -> Instance {
        do { return try InstanceChoice.one(name, of: plane) } catch let error as LatchkeyError {
            guard error.code == .instanceNotFound, plane is SQLiteStore, name.contains(where: { ".:".contains($0) }),
                (try? Names.address(name)) != nil
            else { throw error }
            let option = user.flatMap { try? Names.user($0) }.map { " --user \(RemoteCommand.quoted($0))" } ?? ""
            throw LatchkeyError(
                error.code,
                error.message,
                hint: "latchkey instance add NAME --address \(name)\(option) adds it"
            )
        }
    }
}
