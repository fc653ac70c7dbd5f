// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct SessionList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the sessions that run, the newest first.",
        aliases: ["ls"]
    )

    @Flag(help: "List those that have ended, the last 200.")
    var history = false

    @OptionGroup var list: ListOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let relay = try access.requireRelay()
        let sessions: [DescribeSessions.Session]
        do throws(ServiceFailure) {
            let (found, leftOut) = try relay.sessions(isActive: !history)
            sessions = found
            if leftOut > 0 {
                let what = leftOut == 1 ? "1 session is" : "\(leftOut) sessions are"
                Console.note("latchkey: note: \(what) left out: the server's answer about them cannot be read")
            }
        } catch {
            throw relay.unreachable(error.message)
        }
        let names = try access.plane().instances(withIDs: Array(Set(sessions.map(\.target))))
        let known = Dictionary(names.map { ($0.id, $0.displayName) }) { first, _ in first }
        let listed = sessions.map { session in
            ListedSession(
                id: session.sessionId.terminalSafe,
                instance: session.target.terminalSafe,
                instanceName: known[session.target],
                status: session.status.terminalSafe,
                started: session.startDate.formatted(.iso8601),
                ended: session.endDate?.formatted(.iso8601),
                owner: (session.owner?.split(separator: "/").last.map(String.init) ?? "-").terminalSafe,
                details: session.details?.terminalSafe
            )
        }
        try list.render(listed, header: SessionText.header, quiet: \.id, row: SessionText.row)
    }
}
