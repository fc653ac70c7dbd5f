// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Why a port leads nowhere.
package enum PortTargetError: Error, Equatable, CustomStringConvertible {
    case hostInvalid(String)
    case portInvalid(Int)
    case rangeInvalid(String)
    case unresolved(String, reason: String)
    /// The host leads to an address that must not be reached.
    case denied(String, address: String)
    /// The error number of the last address that was tried.
    case unreachable(String, Int32)

    /// One line, without capital and full stop.
    package var description: String {
        switch self {
        case .hostInvalid(let host): "'\(host.terminalSafe)' is neither a host name nor an address"
        case .portInvalid(let port): "\(port) is not a port"
        case .rangeInvalid(let text): "'\(text.terminalSafe)' is neither an address nor a range of addresses"
        case .unresolved(let host, let reason): "cannot resolve '\(host.terminalSafe)': \(reason.terminalSafe)"
        case .denied(let host, let address):
            "'\(host.terminalSafe)' leads to \(address.terminalSafe), which must not be reached through a session"
        case .unreachable(let name, let number):
            "cannot connect to \(name.terminalSafe): \(SystemError(number).message)"
        }
    }
}
