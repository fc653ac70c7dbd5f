// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Who makes a request, and what shows it.
struct Caller: Equatable, Sendable {
    let principal: Principal
    /// The sign-in to the console by which a user is known; nil for one who signs, and for all others.
    let consoleSessionID: ConsoleSession.ID?

    init(_ principal: Principal, consoleSessionID: ConsoleSession.ID? = nil) {
        self.principal = principal
        self.consoleSessionID = consoleSessionID
    }
}
