// SPDX-License-Identifier: Apache-2.0

/// Decides who may do what. It is pure, and asked on event loops too: so it waits for nothing.
package protocol Policy: Sendable {
    func decision(on request: AuthorizationRequest) -> Decision

    /// What of a list its caller is shown.
    func scope(of request: AuthorizationRequest) -> ListScope
}
