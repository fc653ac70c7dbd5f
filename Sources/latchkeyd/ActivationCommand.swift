// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyCrypto
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeySQLite
internal import LatchkeyServer
internal import LatchkeyStore
internal import LatchkeySystem

struct ActivationCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "activation",
            abstract: "Let machines' agents register themselves.",
            subcommands: CompletedCommands.named([Create.self, List.self, Delete.self])
        )
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an activation; its code is shown this once.",
            discussion: """
                With --name, the machine that registers gets that name. What to type there is shown, too: with the agent, and \
                for a machine without it, as root, a line that installs it from this server.
                """
        )

        @Option(help: "The name of the instance that registers.")
        var name: String?

        @Option(help: "How many machines may register.")
        var limit = 1

        @Option(help: ArgumentHelp("Hours that it is good for.", valueName: "hours"))
        var expires = 24

        func validate() throws {
            if !(1...1000).contains(limit) { throw ValidationError("--limit must be 1 to 1000") }
            if !(1...720).contains(expires) { throw ValidationError("--expires must be 1 to 720 hours") }
        }

        func run() throws {
            let now = Date()
            let (activation, code) = try Activations.make(
                description: nil,
                defaultInstanceName: name,
                iamRole: nil,
                limit: limit,
                expiration: now.addingTimeInterval(Double(expires) * 3600),
                tags: [:],
                now: now
            )
            let folders = StateFolders.current
            try folders.store().add(activation, codeDigest: Digest.sha256(Array(code.utf8)))
            try Output.write("activation_id = \(activation.id)\nactivation_code = \(code)")
            guard let server = try LocalServer.read(folders) else {
                Console.note("latchkeyd: hint: latchkeyd init comes first; then this shows what to type at the machine")
                return
            }
            let host = server.name ?? "127.0.0.1"
            let scheme = server.authorities == nil ? "http" : "https"
            let words = AgentInstallCommands(
                endpoint: "\(scheme)://\(HostText.endpoint(host, server.port ?? LocalServer.port))",
                authorities: try server.authorities.flatMap { try StateFile.read($0) },
                activation: activation.id,
                code: code
            )
            if let installation = words.installation {
                try Output.write("\n# as root, on a machine without the agent:\n\(installation)")
            }
            let file = server.authorities.map { ", and '\($0.terminalSafe)' of this one as ca.pem" } ?? ""
            try Output.write("\n# on a machine with the agent\(file):\n\(words.registration)")
            if server.name == nil {
                Console.note(
                    "latchkeyd: hint: other machines reach it by a name: latchkeyd init --name HOST, "
                        + "latchkeyd run --listen 0.0.0.0:\(server.port ?? LocalServer.port)"
                )
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the activations.", aliases: ["ls"])

        func run() throws {
            let store = try StateFolders.current.store()
            let now = Date()
            var table = Table(["ID", "NAME", "REGISTERED", "LIMIT", "EXPIRES"])
            var cursor: PageCursor?
            repeat {
                let page = try store.activations(limit: 50, after: cursor)
                table.rows += page.elements.map { activation in
                    [
                        activation.id, activation.defaultInstanceName?.terminalSafe ?? "-",
                        String(activation.registrationsCount), String(activation.registrationLimit),
                        activation.isExpired(at: now) ? "expired" : activation.expiration.formatted(.iso8601),
                    ]
                }
                cursor = page.next
            } while cursor != nil
            try Output.write(table.rendered)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete an activation; who registered with it stays.")

        @Argument(help: "The activation's id.")
        var id: String

        func run() throws { try StateFolders.current.store().removeActivation(id) }
    }
}
