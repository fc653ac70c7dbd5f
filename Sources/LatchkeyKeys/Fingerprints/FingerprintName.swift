// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// One of the strings that a key is called by.
package struct FingerprintName: Codable, Equatable, Sendable {
    package let fingerprint: String
    package let kind: FingerprintKind
    /// Who calls the key so, and when.
    package let usedBy: String
}
