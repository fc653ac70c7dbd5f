// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeySystem

/// Why a line cannot be run.
package enum ShellPlanError: Error, Equatable, CustomStringConvertible {
    case words(ShellWords.Fault)
    case empty
    /// No such program in the PATH.
    case notFound(String)

    /// One line, without capital and full stop.
    package var description: String {
        switch self {
        case .words(let fault): "the command \(fault)"
        case .empty: "the command is empty"
        case .notFound(let name): "there is no program '\(name.terminalSafe)' in the PATH"
        }
    }
}
