// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What a token rests on, and the channel that is opened with it: neither outlives that.
package enum Grant: Equatable, Sendable {
    /// The access key that asked for it.
    case accessKey(AccessKey.ID)
    /// The registration of the agent that asked for it.
    case agent(Instance.ID, registered: Int64)
}
