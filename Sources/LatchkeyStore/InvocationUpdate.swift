// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What an agent, or the one who sent it, says of a command on an instance.
package enum InvocationUpdate: Equatable, Sendable {
    case started
    case ended(CommandInvocation.Status, code: Int?, output: String, error: String, started: Date?)
}
