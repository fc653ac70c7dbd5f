// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOHTTP1

/// Knows the console's page by its cookie. Since a browser sends that along with whatever any page asks for, a request has to have
/// the page's own header besides, which another site's page cannot send, and must come from this server's own page.
struct ConsoleAuthentication: AuthenticationMethod {
    let sessions: ConsoleSessions
    let signers: KnownSigners
    let origin: PublicOrigin

    /// `user` for what its user has just done, `page` for what the page asks by itself.
    static let header = "X-Latchkey-Console"

    func hasCredentials(_ request: IncomingRequest) -> Bool { token(in: request) != nil }

    private func token(in request: IncomingRequest) -> String? {
        origin.httpOrigin(for: request).flatMap { ConsoleCookie(origin: $0).token(in: request) }
    }

    func caller(of request: IncomingRequest, services: Set<String>, now: Date) throws -> Caller {
        // A page cannot add headers to a request for a WebSocket; but browsers say where each of those comes from.
        let kind = request.isUpgrade ? "page" : request.headers.first(name: ConsoleAuthentication.header)
        guard let kind, let page = request.headers.first(name: "Origin"), page == origin.httpOrigin(for: request) else {
            throw AuthenticationFailure.foreignPage
        }
        guard let token = token(in: request), let session = sessions.session(token: token, at: now),
            let user = signers.currentUser(session.accessKeyID)
        else { throw AuthenticationFailure.signedOut }
        request.connection?.authenticate()
        if kind == "user" { sessions.noteUse(of: session.id, at: now) }
        return Caller(
            .user(name: user.name, accessKeyID: session.accessKeyID, isAdmin: user.isAdmin),
            consoleSessionID: session.id
        )
    }

    func namesSigner(_ request: IncomingRequest) -> Bool {
        token(in: request).map { sessions.session(token: $0, at: Date()) != nil } ?? false
    }
}
