// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization

/// A request for a channel whose sender is known, and about which no more is decided yet: what the channel is about may be
/// known to the relay alone.
struct ChannelAdmission: Sendable {
    let principal: Principal
    /// Whether the principal may have a channel about this. Each call is a decision, which is recorded. Waits for nothing.
    let authorize: @Sendable (Resource) -> Bool
}
