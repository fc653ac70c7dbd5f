// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyTerminal

extension KeyDirectory.KeyType: ExpressibleByArgument {}

struct KeyCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key pair.",
        discussion: """
            The private half is written once, to Latchkey's own key folder, readable by you alone, and kept nowhere else. \
            Its path is printed.
            """
    )

    @Argument(help: "Its name.")
    var name: String

    @Option(name: .shortAndLong, help: "The kind of key: ed25519 or rsa (2048 bits).")
    var type = KeyDirectory.KeyType.ed25519

    @OptionGroup var tagOptions: TagOptions

    func run() throws {
        let name = try Names.keyPair(name)
        let tags = try tagOptions.read()
        let home = Home.current
        let store = try home.store()
        var path = ""
        var isWritten = false
        do {
            let pair = try store.addKeyPair(named: name) {
                let created = try home.keys.create(name, type: type)
                isWritten = true
                path = created.path
                return KeyPair(
                    name: name,
                    publicKey: created.publicKey,
                    fingerprint: created.fingerprint,
                    origin: .created,
                    tags: tags,
                    created: Date()
                )
            }
            Console.note("latchkey: created the \(pair.publicKey.typeAndSize) key pair '\(name)', \(pair.fingerprint)")
        } catch {
            // Not registered: a private half that nobody knows of must not stay behind.
            if isWritten { _ = try home.keys.remove(name) }
            throw error
        }
        Output.print(path)
    }
}
