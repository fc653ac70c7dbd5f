// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP

/// An operation without its types, as the pipeline takes requests to it.
struct RegisteredOperation: Sendable {
    /// A request that has been read.
    struct Prepared: Sendable {
        let resources: [Resource]
        /// Does it, and writes the answer.
        let execute: @Sendable (OperationContext) async throws -> OutgoingResponse
    }

    let action: Action
    let callers: Set<Principal.Kind>
    /// Reads a request, and finds what it touches.
    let prepare: @Sendable (any RequestCoding) async throws -> Prepared

    init<Wrapped: Operation>(_ operation: Wrapped) {
        action = Wrapped.action
        callers = Wrapped.callers
        prepare = { coding in
            let request = try coding.decode(Wrapped.Request.self)
            return Prepared(resources: try await operation.resources(of: request)) { context in
                try coding.response(try await operation.execute(request, in: context))
            }
        }
    }

    /// An operation that is answered with nothing, whatever it asks.
    init(withoutAnswer action: Action, for callers: Set<Principal.Kind>) {
        (self.action, self.callers) = (action, callers)
        prepare = { coding in Prepared(resources: []) { _ in try coding.response(EmptyResponse()) } }
    }
}
