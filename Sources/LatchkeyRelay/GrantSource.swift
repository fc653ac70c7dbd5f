// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Tells on what grants rest. It is asked on the relay's event loop, and so waits for nothing.
package protocol GrantSource: Sendable {
    func hasAccessKey(_ id: AccessKey.ID) -> Bool
    func hasConsoleSession(_ id: ConsoleSession.ID) -> Bool
    /// - Parameter arn: a session's owner.
    func hasAccessKey(ofOwner arn: String) -> Bool
    /// When the agent of an instance registered; nil if there is no such instance any more.
    func registration(of id: Instance.ID) -> Int64?
}
