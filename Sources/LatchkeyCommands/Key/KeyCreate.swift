// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyTerminal

extension GeneratedKey.KeyType: ExpressibleByArgument {}
extension GeneratedKey.Format: ExpressibleByArgument {}

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
    var type = GeneratedKey.KeyType.ed25519

    @Option(
        name: .shortAndLong,
        help: "The form of the file: pem (PKCS#1 for RSA, OpenSSH's own for ED25519) or ppk (PuTTY's)."
    )
    var format = GeneratedKey.Format.pem

    @OptionGroup var tagOptions: TagOptions
    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func run() throws {
        let name = try Names.keyPair(name)
        let tags = try tagOptions.read()
        let home = try control.requireLocal("key create", "aws ec2 create-key-pair makes one there")
        let store = try home.store()
        var made: KeyDirectory.Created?
        do {
            let pair = try store.addKeyPair(named: name) {
                let created = try home.keys.create(name, type: type, format: format)
                made = created
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
            // Not registered: a private half that nobody knows of must not stay behind. What went wrong first is told.
            if let made { _ = try? home.keys.remove(name, holding: made.publicKey) }
            throw error
        }
        Output.print(home.keys.file(for: name))
    }
}
