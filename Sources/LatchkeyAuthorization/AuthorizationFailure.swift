// SPDX-License-Identifier: Apache-2.0

/// Why a request was denied.
package struct AuthorizationFailure: Error, Equatable {
    package let principal: Principal
    package let action: Action
    /// The resource for which it was denied; nil where it would be denied for any.
    package let resource: Resource?
    /// A clause without a full stop.
    package let reason: String

    package init(principal: Principal, action: Action, resource: Resource?, reason: String) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.reason = reason
    }

    /// As AWS words it, with the reason behind it.
    package func message(region: String) -> String {
        let who = principal.arn.map { "User: \($0)" } ?? "Anonymous"
        let what = resource.map { " on resource: \($0.arn(region: region))" } ?? ""
        return "\(who) is not authorized to perform: \(action)\(what): \(reason)"
    }
}
