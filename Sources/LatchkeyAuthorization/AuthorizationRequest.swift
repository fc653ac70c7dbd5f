// SPDX-License-Identifier: Apache-2.0

/// What a policy is asked: whether a principal may do this to all of these.
package struct AuthorizationRequest: Sendable {
    package let principal: Principal
    package let action: Action
    /// Empty where an operation touches none in particular.
    package let resources: [Resource]

    package init(_ principal: Principal, _ action: Action, _ resources: [Resource]) {
        self.principal = principal
        self.action = action
        self.resources = resources
    }
}
