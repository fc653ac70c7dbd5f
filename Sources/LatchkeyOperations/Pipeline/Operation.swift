// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization

/// An operation of the API. It is offered by one line in ``OperationRegistry``, and does not exist without.
protocol Operation: Sendable {
    associatedtype Request: Decodable & Sendable
    associatedtype Response: Encodable & Sendable

    /// What it is called where it is asked for, authorized and recorded: `ec2:RunInstances`.
    static var action: Action { get }
    /// Who may ask for it at all, whatever a policy says; users unless it says otherwise.
    static var callers: Set<Principal.Kind> { get }

    /// What a request touches; none unless an operation says otherwise.
    ///
    /// - Throws: `ServiceError` where there is no such thing; what the store throws.
    func resources(of request: Request) async throws -> [Resource]

    /// Does it. It is authorized already.
    ///
    /// - Throws: `ServiceError`, or what the service's ``RequestCoding`` knows to word; anything else is a fault of the server.
    func execute(_ request: Request, in context: OperationContext) async throws -> Response
}

extension Operation {
    static var callers: Set<Principal.Kind> { [.user] }

    func resources(of request: Request) async throws -> [Resource] { [] }
}
