// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeyStore

struct InstanceEdit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change the address, port, user or key of an instance.",
        discussion: """
            latchkey instance edit web-1 --address 10.0.0.9 --user admin

            Its id, its tags and the host keys pinned for it stay.
            """
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where it is, in place of all addresses before: HOST or HOST:PORT; may be given several times.",
            valueName: "host"
        )
    )
    var address: [String] = []

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

    @Flag(help: "Note no user.")
    var noUser = false

    @Flag(help: "Note no key pair: the fitting one is found at the next connection.")
    var noKey = false

    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func validate() throws {
        if address.isEmpty, port == nil, user == nil, key == nil, !noUser, !noKey {
            throw ValidationError("nothing to change is given")
        }
        if user != nil, noUser { throw ValidationError("--user and --no-user exclude each other") }
        if key != nil, noKey { throw ValidationError("--key and --no-key exclude each other") }
    }

    func run() throws {
        let places = try HostAndPort.read(address, port: port)
        var edit = InstanceUpdate()
        if !places.hosts.isEmpty { edit.addresses = places.hosts }
        edit.port = places.port
        if noUser { edit.user = .some(nil) }
        if let user { edit.user = try Names.user(user) }
        if noKey { edit.keyName = .some(nil) }
        if let key { edit.keyName = try Names.keyPair(key) }
        let store = try control.requireLocal("instance edit").store()
        let instance = try InstanceChoice.one(name, of: store)
        if let key { try InstanceAdd.check(key, in: store) }
        try store.edit(instance.id, edit)
    }
}
