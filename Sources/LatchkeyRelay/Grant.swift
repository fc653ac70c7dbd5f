// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What a token rests on, and the channel that is opened with it: neither outlives that.
package enum Grant: Equatable, Sendable {
    /// The access key that asked for it.
    case accessKey(AccessKey.ID)
    /// The sign-in to the console that asked for it, and the access key that this rests on.
    case consoleSession(ConsoleSession.ID, AccessKey.ID)
    /// The registration of the agent that asked for it.
    case agent(Instance.ID, registered: Int64)
}
