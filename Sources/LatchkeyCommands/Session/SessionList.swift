// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyControl
internal import LatchkeyModel

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
        let access = try control.access()
        let relay = try access.requireRelay()
        var sessions: [DescribeSessions.Session] = []
        var token: String?
        repeat {
            let request = DescribeSessions(state: history ? "History" : "Active", maxResults: 200, nextToken: token)
            do throws(ServiceFailure) {
                let answer = try relay.service.call(request)
                sessions += answer.sessions
                token = history ? nil : answer.nextToken
            } catch {
                throw relay.unreachable(error.words)
            }
        } while token != nil
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
