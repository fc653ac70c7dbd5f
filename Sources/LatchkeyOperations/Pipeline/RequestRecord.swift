// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Who asked for what, from where and when.
struct RequestRecord: Sendable {
    /// What became of a request.
    enum Outcome: Equatable, Sendable {
        case succeeded
        /// The authorizer denied it.
        ///
        /// - Parameter code: the service's, for example `AccessDeniedException`.
        case denied(code: String)
        /// - Parameter code: the service's, for example `ValidationException`.
        case failed(code: String)
    }

    let action: Action
    let requestID: String
    let sourceAddress: String?
    /// As the client says, and not escaped.
    let userAgent: String?
    let time: Date
    /// Nil where the request did not show who sent it.
    var principal: Principal?
    /// The sign-in to the console that the request came by; nil for none.
    var consoleSessionID: ConsoleSession.ID?
    /// Empty where it was refused before they were known.
    var resources: [Resource] = []
}
