// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
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
        help: "The format of the file: pem (PKCS#1 for RSA, OpenSSH's own for ED25519) or ppk (PuTTY's)."
    )
    var format = GeneratedKey.Format.pem

    @OptionGroup var tagOptions: TagOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let name = try Names.keyPair(name)
        let tags = try tagOptions.read()
        let access = control.access()
        let home = access.home
        let register = try access.registration(of: name)
        var made: KeyDirectory.Created?
        func make() throws -> KeyDirectory.Created {
            let created = try home.keys.create(name, type: type, format: format)
            made = created
            return created
        }
        do {
            if let register {
                // The private half is made here, and only the public one goes out.
                _ = try register(make().publicKey, tags)
            } else {
                _ = try home.store()
                    .addKeyPair(named: name) {
                        let created = try make()
                        return KeyPair(
                            name: name,
                            publicKey: created.publicKey,
                            fingerprint: created.fingerprint,
                            origin: .created,
                            tags: tags,
                            created: Date()
                        )
                    }
            }
            if let key = made?.publicKey {
                let message = "\(key.typeAndSize) key pair '\(name)', \(Fingerprint.openSSH(key))"
                Console.note("latchkey: created the \(message)")
            }
        } catch {
            // It is not registered, so its private half must not stay behind. The first error is the one reported.
            if let made { _ = try? home.keys.remove(name, holding: made.publicKey) }
            throw error
        }
        Output.print(home.keys.file(for: name))
    }
}
