// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeySQLite
internal import LatchkeyServer

struct AccessKeyCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "access-key",
            abstract: "Make, list and delete the keys that users sign their requests with.",
            subcommands: CompletedCommands.named([Create.self, List.self, Delete.self])
        )
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an access key; its secret is shown this once.")

        @Argument(help: "The user's name.")
        var user: String

        @Flag(help: "Let the key list, resume, attach and end the sessions of all users.")
        var admin = false

        func run() throws {
            let folders = StateFolders.current
            let store = try folders.store()
            let keys = AccessKeys(store: store, key: try folders.masterKey(of: store))
            let (key, secret) = try keys.make(userName: try Names.user(user), isAdmin: admin)
            try Output.write("aws_access_key_id = \(key.id)\naws_secret_access_key = \(secret)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the access keys.", aliases: ["ls"])

        func run() throws {
            var table = Table(["ID", "USER", "ADMIN", "CREATED", "LAST USED"])
            table.rows = try StateFolders.current.store().accessKeys()
                .map { key in
                    let used = key.lastUsed.map { $0.formatted(.iso8601) } ?? "never"
                    return [
                        key.id, key.userName.terminalSafe, key.isAdmin ? "yes" : "no", key.created.formatted(.iso8601),
                        used,
                    ]
                }
            try Output.write(table.rendered)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an access key; it opens nothing from then on, and what it opened is closed."
        )

        @Argument(help: "The key's id.")
        var id: String

        func run() throws { try StateFolders.current.store().removeAccessKey(id) }
    }
}
