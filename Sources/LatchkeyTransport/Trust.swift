// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Whose certificates are trusted.
package struct Trust: Hashable, Sendable {
    /// A file of PEM certificates; nil for the system's.
    package var authorities: String?

    package init(authorities: String? = nil) { self.authorities = authorities }

    /// The system's own.
    package static let system = Trust()
}
