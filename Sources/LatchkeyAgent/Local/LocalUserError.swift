// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Why a user of this machine could not be had.
package enum LocalUserError: Error, Equatable, CustomStringConvertible {
    case nameInvalid(String)
    case unknown(String)
    /// The user database answered with this error number.
    case unreadable(String, Int32)
    /// Only root can make a user; this process is `agent`.
    case notRoot(agent: String, user: String)
    /// What was tried to make the user, and what came of it.
    case notMade(String, reason: String)

    /// One line, without capital and full stop.
    package var description: String {
        switch self {
        case .nameInvalid(let name): "'\(name.terminalSafe)' cannot be a user's name"
        case .unknown(let name): "there is no user '\(name.terminalSafe)' on this machine"
        case .unreadable(let name, let number):
            "cannot look up user '\(name.terminalSafe)': \(SystemError(number).message)"
        case .notRoot(let agent, let user):
            "there is no user '\(user.terminalSafe)', and the agent, which runs as '\(agent.terminalSafe)', cannot make one"
        case .notMade(let name, let reason): "cannot make user '\(name.terminalSafe)': \(reason.terminalSafe)"
        }
    }
}
