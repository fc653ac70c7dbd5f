// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

/// The answer that opens a session: the cookie goes with it.
struct SignInResponse: Encodable, CookieCarrying {
    let content: CreateConsoleSession.Response
    let cookie: String

    /// - Parameter cookie: the header's value.
    init(_ session: ConsoleSession, cookie: String) {
        content = CreateConsoleSession.Response(sessionId: session.id, expirationDate: session.expires)
        self.cookie = cookie
    }

    func encode(to encoder: any Encoder) throws { try content.encode(to: encoder) }
}
