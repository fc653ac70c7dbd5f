// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

extension Broker {
    /// Seconds for reaching an instance that may not be there yet.
    private static let patience = 2

    /// Whether an instance that was just launched can be entered: its sshd answers with a host key that somebody vouches
    /// for, or else its agent is connected.
    ///
    /// - Throws: `hostKeyChanged`, and what the control plane throws.
    package func canBeEntered(_ instance: Instance) throws -> Bool {
        var options = Options()
        options.road = .ssh
        options.timeout = Broker.patience
        options.isAttended = false
        do {
            _ = try Door(instance: instance, options: options, broker: self).knock(trusting: false)
            return true
        } catch let error as LatchkeyError where [.instanceUnreachable, .hostKeyUnknown].contains(error.code) {
            return error.code == .instanceUnreachable && relay?.presence(of: instance).isConnected == true
        }
    }
}
