// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What makes machines of instances: a container engine. The store says what an instance is; the launcher writes down there
/// what becomes of it: its state with the reason, its container and its addresses.
///
/// A function returns when its work is begun and may be relied on, not when the machine is there; it throws `LatchkeyError`.
/// Asked again, each does no harm.
package protocol InstanceLauncher: Sendable {
    /// Writes down now what has become of machines without being asked for.
    func refresh() async throws

    /// Makes and starts the machine of an instance that is `pending` in the store. It ends as `running`, or as `terminated`
    /// with a reason.
    func launch(_ id: Instance.ID) async throws

    /// Starts the machine of an instance that was `stopped` and is `pending` now.
    func start(_ id: Instance.ID) async throws

    /// Stops the machine of an instance that is `stopping`. It ends as `stopped`.
    ///
    /// - Parameter force: whether the machine gets no time to stop in order.
    func stop(_ id: Instance.ID, force: Bool) async throws

    /// Starts the machine of a running instance anew, and returns when it runs; the state does not change.
    func reboot(_ id: Instance.ID) async throws

    /// Ends the machine of an instance that is `shutting-down`, and removes it. It ends as `terminated`.
    func terminate(_ id: Instance.ID) async throws

    /// What the machine has written to its console, the newest 64 KiB, and when that was. Blocks of host keys are in it only
    /// where the boot printed them, before a user could log in.
    ///
    /// - Returns: nil if there is nothing yet.
    func consoleOutput(of id: Instance.ID) async throws -> (text: [UInt8], date: Date)?

    /// What instances can be launched from.
    func images() async throws -> [LaunchImage]
}
