// SPDX-License-Identifier: Apache-2.0

/// Why no connection came about. All text in it is safe for a terminal.
package enum DialFailure: Error, Equatable, Sendable {
    /// The name of the host is not known to the resolver.
    case unknownHost(String)
    /// The system's words.
    case unreachable(String)
    /// The time given was over.
    case timedOut
    /// A socket operation failed; the system's words.
    case system(String)

    package var message: String {
        switch self {
        case .unknownHost(let host): "the name '\(host)' cannot be resolved"
        case .unreachable(let message), .system(let message): message
        case .timedOut: "no answer in time"
        }
    }
}
