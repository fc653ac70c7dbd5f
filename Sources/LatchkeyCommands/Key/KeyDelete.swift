// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct KeyDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget a key pair; nothing changes on instances.",
        discussion:
            "The private file stays unless --with-private-key is given; with it, the key is lost for good.",
        aliases: ["rm"]
    )

    @Argument(help: "The key pair.", completion: .custom(Completions.keys))
    var name: String

    @Flag(help: "Remove the private half from Latchkey's key folder, too.")
    var withPrivateKey = false

    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let home = access.home
        let plane = try access.plane()
        let operations = access.isLocal ? nil : try access.operations()
        guard let pair = try plane.keyPair(named: name) else { throw LatchkeyError.keyNotFound(name) }
        let count = try plane.instanceCount(launchedWith: name)
        let isRemoved = try withPrivateKey && home.keys.remove(name, holding: pair.publicKey)
        if let operations { try operations.deleteKeyPair(name) } else { try home.store().removeKeyPair(pair.id) }
        if withPrivateKey && !isRemoved {
            Console.note("latchkey: note: its private half was not in '\(home.keys.path.terminalSafe)'")
        }
        if !withPrivateKey && home.keys.holds(name) {
            Console.note("latchkey: note: the private half stays at '\(home.keys.file(for: name).terminalSafe)'")
        }
        if count > 0 {
            Console.note("latchkey: note: \(count) instance\(count == 1 ? " was" : "s were") launched with it")
        }
        Output.print(pair.id)
    }
}
