// SPDX-License-Identifier: Apache-2.0

/// The one point at which it is decided who may do what, for operations and channels alike.
package struct Authorizer: Sendable {
    private let policy: any Policy

    package init(_ policy: any Policy) { self.policy = policy }

    /// That an operation is for principals of this kind at all.
    ///
    /// - Parameter kinds: those that it is for.
    package func checkKind(
        of principal: Principal,
        _ action: Action,
        _ kinds: Set<Principal.Kind>
    ) throws(AuthorizationFailure) {
        guard !kinds.contains(principal.kind) else { return }
        let reason =
            switch principal.kind {
            case .user: "only an agent may do this"
            case .instance: kinds == [.user] ? "an agent may not do this" : "it is asked for with the registered key"
            case .registeredKey: "a registered key may ask for credentials only"
            case .anonymous: "the request is not signed"
            }
        throw AuthorizationFailure(principal: principal, action: action, resource: nil, reason: reason)
    }

    /// That a principal may do this to all of these resources.
    package func authorize(
        _ principal: Principal,
        _ action: Action,
        _ resources: [Resource]
    ) throws(AuthorizationFailure) {
        switch policy.decision(on: AuthorizationRequest(principal, action, resources)) {
        case .allow: return
        case .deny(let resource, let reason):
            throw AuthorizationFailure(principal: principal, action: action, resource: resource, reason: reason)
        }
    }

    /// What of a list a principal is shown.
    package func scope(of principal: Principal, _ action: Action) -> ListScope {
        policy.scope(of: AuthorizationRequest(principal, action, []))
    }
}
