// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

/// The answer that opens a session: the cookie goes with it.
struct SignedIn: Encodable, CookieCarrying {
    let content: CreateConsoleSession.Response
    let cookie: String

    init(_ session: ConsoleSession, token: String, isSecure: Bool) {
        content = CreateConsoleSession.Response(sessionId: session.id, expirationDate: session.expires)
        cookie = ConsoleCookie.setting(token, isSecure: isSecure)
    }

    func encode(to encoder: any Encoder) throws { try content.encode(to: encoder) }
}
