// SPDX-License-Identifier: Apache-2.0

/// A policy's answer.
package enum Decision: Equatable, Sendable {
    case allow
    /// - Parameters:
    ///   - resource: the one for which it is denied; nil where it would be denied for any.
    ///   - reason: why, for the caller to read: a clause without a full stop.
    case deny(Resource?, reason: String)
}
