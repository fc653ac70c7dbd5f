// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyHTTP

/// A way in which requests show who sends them.
protocol AuthenticationMethod: Sendable {
    /// Whether a request carries credentials of this kind, valid or not.
    func hasCredentials(_ request: IncomingRequest) -> Bool

    /// Who sent a request that carries such credentials. Its connection counts as authenticated from then on.
    ///
    /// - Parameter services: those that the credentials may be meant for.
    /// - Throws: `AuthenticationFailure`, `LatchkeyError` if the store cannot be asked.
    func caller(of request: IncomingRequest, services: Set<String>, now: Date) throws -> Caller

    /// Whether a request names a key that is known, which is no proof. Only memory is asked.
    func namesSigner(_ request: IncomingRequest) -> Bool
}
