// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyControl
internal import LatchkeyModel
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
        let places = try address.map(HostAndPort.init)
        let ports = Set([port].compactMap { $0 } + places.compactMap(\.port))
        guard !places.isEmpty else { throw LatchkeyError(.usage, "no address is given", hint: "--address HOST") }
        guard ports.count <= 1, ports.allSatisfy({ (1...65535).contains($0) }) else {
            throw LatchkeyError(
                .usage,
                "an instance has one port, between 1 and 65535",
                hint: "give it once, with --port"
            )
        }
        let store = try control.requireLocal("instance add", "AWS's own are known without it").store()
        if let key = try key.map(Names.keyPair), try store.keyPair(named: key) == nil {
            Console.note("latchkey: note: the key pair '\(key.terminalSafe)' is not registered yet")
            Console.note("latchkey: hint: latchkey key import '\(key.terminalSafe)' FILE registers it")
        }
        let instance = Instance(
            tags: tags,
            addresses: places.map(\.host),
            port: ports.first ?? Instance.defaultPort,
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
}

/// `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address.
struct HostAndPort {
    let host: String
    let port: Int?

    init(_ text: String) throws {
        var host = text[...]
        var port: Substring?
        if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            port = rest.isEmpty ? nil : rest.first == ":" ? rest.dropFirst() : ""
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        self.host = try Names.address(String(host))
        self.port = try port.map { digits in
            guard let number = Int(digits), (1...65535).contains(number) else {
                throw LatchkeyError(
                    .usage,
                    "'\(text.terminalSafe)' has no port between 1 and 65535",
                    hint: "write HOST:PORT"
                )
            }
            return number
        }
    }
}
