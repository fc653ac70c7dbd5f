// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// How a process on an instance ended.
package enum RemoteEnding: Equatable, Sendable {
    case exited(status: Int32)
    /// Died by a signal, named without `SIG`.
    case signalled(String)
    /// The instance closed the channel without saying how the process ended.
    case unknown

    /// The status a shell shows: the process's own, or 128 and the signal's number; nil if unknown.
    package var exitStatus: Int32? {
        switch self {
        case .exited(let status): status
        case .signalled(let name): 128 + (Signals.number(named: name) ?? 127)
        case .unknown: nil
        }
    }
}
