// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Why a program could not be started on this machine.
package enum LocalProcessError: Error, Equatable, CustomStringConvertible {
    /// The step that failed, its error number, and the program's path.
    case notStarted(Step, Int32, String)
    /// This process is `agent`, not root, and may not run anything as `user`.
    case userNotAllowed(agent: String, user: String)
    /// The path is not absolute, or a text holds a zero byte, or a variable's name an equals sign.
    case unusable(String)

    /// What was being done.
    package enum Step: String, Sendable {
        case terminal = "make a terminal"
        case terminalOwner = "give the terminal to the user"
        case pipe = "make the pipes"
        case fork = "make a process"
        case session = "begin a session"
        case controllingTerminal = "take the terminal"
        case descriptors = "set up the standard streams"
        case groups = "set the groups"
        case group = "set the group"
        case user = "become the user"
        case directory = "enter a folder"
        case execute = "execute it"

        init(_ step: Int32) {
            let steps: [lk_spawn_step: Step] = [
                LK_SPAWN_TERMINAL: .terminal, LK_SPAWN_TERMINAL_OWNER: .terminalOwner, LK_SPAWN_PIPE: .pipe,
                LK_SPAWN_SESSION: .session, LK_SPAWN_CONTROLLING_TERMINAL: .controllingTerminal,
                LK_SPAWN_DESCRIPTORS: .descriptors, LK_SPAWN_GROUPS: .groups, LK_SPAWN_GROUP: .group,
                LK_SPAWN_USER: .user, LK_SPAWN_DIRECTORY: .directory, LK_SPAWN_EXECUTE: .execute,
            ]
            self = steps[lk_spawn_step(UInt32(step))] ?? .fork
        }
    }

    /// One line, without capital and full stop.
    package var description: String {
        switch self {
        case .notStarted(let step, let number, let path):
            "cannot start '\(path.terminalSafe)': cannot \(step.rawValue): \(SystemError(number).message)"
        case .userNotAllowed(let agent, let user):
            "the agent runs as '\(agent.terminalSafe)', so it cannot run anything as '\(user.terminalSafe)'"
        case .unusable(let path):
            "cannot start '\(path.terminalSafe)': its path, arguments or environment are not usable"
        }
    }
}
