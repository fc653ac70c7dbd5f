// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct InstanceAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add an instance that exists already.",
        discussion: """
            latchkey instance add web-1 --address 10.0.0.5 --user admin --key web --tag env=prod

            Without a --key the fitting one is found at the first connection, by asking the instance, and remembered.
            """
    )

    @Argument(help: "Its name.")
    var name: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where it is: HOST or HOST:PORT; may be given several times, the best one first.",
            valueName: "host"
        )
    )
    var address: [String]

    @Option(name: [.short, .long], help: "The port that sshd listens on.")
    var port: Int?

    @Option(name: [.short, .long], help: "The user to log in as.")
    var user: String?

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("The key pair that it was launched with.", valueName: "keypair"),
        completion: .custom(Completions.keys)
    )
    var key: String?

    @OptionGroup var tagOptions: TagOptions

    @OptionGroup var hostKeys: HostKeyOptions
    @OptionGroup var show: ShowOptions
    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func run() throws {
        var tags = try tagOptions.read()
        tags[Tags.nameKey] = try Names.instance(name)
        let places = try HostAndPort.read(address, port: port)
        guard !places.hosts.isEmpty else { throw LatchkeyError(.usage, "no address is given", hint: "--address HOST") }
        let store = try control.requireLocal("instance add", "AWS's own are known without it").store()
        if let key = try key.map(Names.keyPair) { try InstanceAdd.check(key, in: store) }
        let instance = Instance(
            tags: tags,
            addresses: places.hosts,
            port: places.port ?? Instance.defaultPort,
            user: try user.map(Names.user),
            keyName: key,
            hostKeys: try hostKeys.read(),
            created: Date()
        )
        try store.add(instance)
        switch show.output {
        case .json: try Output.print(json: instance)
        case .table: Output.print(instance.id)
        }
    }

    /// Says so if a key pair is not there yet.
    static func check(_ key: String, in store: SQLiteStore) throws {
        guard try store.keyPair(named: key) == nil else { return }
        Console.note("latchkey: note: the key pair '\(key.terminalSafe)' is not registered yet")
        Console.note("latchkey: hint: latchkey key import '\(key.terminalSafe)' FILE registers it")
    }
}
