// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How many connections a server has at a time, and how much it keeps for those that have not authenticated.
package struct ConnectionLimits: Equatable, Sendable {
    /// Connections in all. What is left of the descriptors is the store's, the log's and the container engine's.
    package var connections: Int
    /// Connections that have not authenticated.
    package var unauthenticated: Int
    /// The same from one source (see ``ConnectionSource``).
    package var unauthenticatedPerSource: Int
    /// Bytes of requests of all those together.
    package var unauthenticatedBytes: Int

    /// Descriptors that are never a connection's.
    private static let reserve = 128

    /// What goes with the number of descriptors that the process may have.
    ///
    /// - Parameter descriptors: the soft limit of `RLIMIT_NOFILE`.
    package init(descriptors: Int) {
        connections = max(16, descriptors - ConnectionLimits.reserve)
        // The rest is for those who have authenticated, and for agents.
        unauthenticated = min(2048, max(8, connections / 4))
        unauthenticatedPerSource = 64
        unauthenticatedBytes = 32 << 20
    }

    /// What goes with this process's own limit.
    package static var current: ConnectionLimits {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return ConnectionLimits(descriptors: 1024)
        }
        return ConnectionLimits(descriptors: Int(clamping: limit.rlim_cur))
    }
}
