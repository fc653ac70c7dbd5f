// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP

/// Finds out who made a request: by the first method whose credentials it carries.
struct Authenticator: Sendable {
    let methods: [any AuthenticationMethod]

    /// Whether a request carries credentials of any kind, valid or not.
    func hasCredentials(_ request: IncomingRequest) -> Bool { methods.contains { $0.hasCredentials(request) } }

    /// - Parameter services: those that the credentials may be meant for.
    /// - Throws: `AuthenticationFailure`, `LatchkeyError` if the store cannot be asked.
    func caller(of request: IncomingRequest, services: Set<String>, now: Date = Date()) throws -> Caller {
        guard let method = methods.first(where: { $0.hasCredentials(request) }) else {
            throw AuthenticationFailure.signature(.missing)
        }
        return try method.caller(of: request, services: services, now: now)
    }

    /// Whether a request names a key that is known, which is no proof. Only memory is asked.
    func namesSigner(_ request: IncomingRequest) -> Bool { methods.contains { $0.namesSigner(request) } }
}
