// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite

struct SessionCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "session",
            abstract: "List, take over and end sessions through the relay.",
            subcommands: CompletedCommands.named([SessionList.self, SessionAttach.self, SessionTerminate.self])
        )
    }
}

/// A session in words, safe for a terminal.
enum SessionText {
    static let header = ["SESSION", "INSTANCE", "STATUS", "STARTED", "OWNER", "DETAILS"]

    static func row(_ session: ListedSession) -> [String] {
        [
            session.id, session.instanceName ?? session.instance, session.status, session.started, session.owner,
            session.details ?? "-",
        ]
    }
}

/// A session as `session list` shows it; all text is safe for a terminal.
struct ListedSession: Encodable {
    let id: String
    let instance: String
    let instanceName: String?
    let status: String
    let started: String
    let ended: String?
    let owner: String
    let details: String?
}
