// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyAPI
internal import LatchkeyCommandLine
internal import LatchkeyHome
internal import LatchkeyModel

struct ConsoleCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "console",
            abstract: "Open the console, in which a browser has shells on the fleet.",
            subcommands: CompletedCommands.named([Open.self])
        )
    }

    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a link that signs a browser in, once, within a minute.",
            discussion: "The one who follows it is the user of this home's own access key."
        )

        func run() throws {
            let folders = StateFolders.current
            guard let server = try LocalServer.read(folders) else {
                throw LatchkeyError(
                    .configurationInvalid,
                    "no latchkeyd has served this home yet",
                    hint: "latchkeyd run starts one; LATCHKEY_HOME names another home"
                )
            }
            let client = ServiceClient(try server.serviceEndpoint(folders))
            let link: CreateConsoleLink.Response
            do throws(ServiceFailure) { link = try client.call(CreateConsoleLink()) } catch {
                throw LatchkeyError(
                    .requestRefused,
                    "the latchkeyd of this home gives no link: \(error.message)",
                    hint: "does it run? latchkeyd run"
                )
            }
            try Output.write(link.url)
        }
    }
}
