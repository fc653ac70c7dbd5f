// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// What a token rests on, and the channel that is opened with it: neither outlives that.
enum Grant: Equatable, Sendable {
    /// The access key that asked for it.
    case accessKey(AccessKey.ID)
    /// The registration of the agent that asked for it.
    case agent(Instance.ID, registered: Int64)
}
