// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// How near an instance that was just launched is to being entered.
package enum Readiness: Equatable, Sendable {
    case ready
    /// Its sshd answers, but its host key is not attested.
    case hostKeyUnknown
    /// No key opens it, and its agent is not connected.
    case agentMissing
    /// Nothing answers.
    case unreachable

    /// What is missing, in words; nil if nothing is.
    package var lack: String? {
        switch self {
        case .ready: nil
        case .hostKeyUnknown: "its host key is not known yet"
        case .agentMissing: "its agent is not connected yet, and there is no key that opens it"
        case .unreachable: "nothing answers there yet"
        }
    }
}

extension Broker {
    /// Seconds for reaching an instance that may not be there yet.
    private static let probeTimeout = 2

    /// Whether an instance can be entered: its sshd answers with an attested host key, or it is out of reach and
    /// its agent is connected. One without a key needs its agent in any case.
    ///
    /// - Throws: `hostKeyChanged`, and what the control plane throws.
    package func readiness(of instance: Instance) throws -> Readiness {
        func isConnected() -> Bool { relay?.presence(of: instance).isConnected == true }
        var options = Options()
        options.road = .ssh
        options.timeout = Broker.probeTimeout
        options.isAttended = false
        do {
            _ = try SSHConnector(instance: instance, options: options, broker: self).connectAndVerify(trusting: false)
        } catch let error as LatchkeyError where error.code == .hostKeyUnknown {
            return .hostKeyUnknown
        } catch let error as LatchkeyError where error.code == .instanceUnreachable {
            return isConnected() ? .ready : .unreachable
        }
        return instance.keyName != nil || isConnected() ? .ready : .agentMissing
    }
}
