// SPDX-License-Identifier: Apache-2.0

/// What access keys and registrations allow by themselves: a user everything but other users' sessions, which an access key
/// of an admin opens; an agent what belongs to its own instance.
package struct AccessKeyPolicy: Policy {
    package init() {}

    package func decision(on request: AuthorizationRequest) -> Decision {
        switch request.principal {
        case .user(_, _, isAdmin: true), .anonymous: return .allow
        case .user(_, _, isAdmin: false):
            for resource in request.resources where resource.owner ?? request.principal.arn != request.principal.arn {
                return .deny(resource, reason: "it is another user's session, which an admin's access key opens")
            }
            return .allow
        case .instance(let id), .registeredKey(let id):
            for resource in request.resources where !AccessKeyPolicy.belongs(resource, to: id) {
                return .deny(resource, reason: "an agent acts for its own instance only")
            }
            return .allow
        }
    }

    package func scope(of request: AuthorizationRequest) -> ListScope {
        if case .user(_, _, isAdmin: false) = request.principal, let arn = request.principal.arn {
            return .ownedBy(arn)
        }
        return .all
    }

    private static func belongs(_ resource: Resource, to instance: String) -> Bool {
        switch resource {
        case .instance(let id), .session(_, _, let id): id == instance
        case .document: true
        case .keyPair, .image, .volume, .consoleSession: false
        }
    }
}
