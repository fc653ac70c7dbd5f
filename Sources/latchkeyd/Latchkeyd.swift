// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The root of the server's commands.
struct Latchkeyd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkeyd",
        abstract: "Serves a fleet: sessions through the relay, for the latchkey, aws and agent programs.",
        discussion: """
            latchkeyd init --name relay.example        certificates and an access key
            latchkeyd run --listen 0.0.0.0:8443        serve
            latchkeyd activation create --name web-1   let a machine's agent in
            """,
        version: "0.1.0",
        subcommands: [Init.self, Run.self, AccessKeyCommand.self, ActivationCommand.self]
    )
}
