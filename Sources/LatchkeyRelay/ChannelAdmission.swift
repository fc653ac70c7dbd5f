// SPDX-License-Identifier: Apache-2.0

package import LatchkeyAuthorization

/// A request for a channel whose sender is known, and about which no more is decided yet: what the channel is about may be
/// known to the relay alone.
package struct ChannelAdmission: Sendable {
    package let principal: Principal
    /// Whether the principal may have a channel about this. Each call is a decision, which is recorded. Waits for nothing.
    package let authorize: @Sendable (Resource) -> Bool

    package init(principal: Principal, authorize: @escaping @Sendable (Resource) -> Bool) {
        self.principal = principal
        self.authorize = authorize
    }
}
