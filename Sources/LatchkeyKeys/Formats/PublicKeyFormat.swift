// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// The text forms of a public key.
package enum PublicKeyFormat: String, CaseIterable, Sendable {
    /// A line, as it stands in `authorized_keys`.
    case openssh
    /// `---- BEGIN SSH2 PUBLIC KEY ----`.
    case rfc4716
    /// `-----BEGIN PUBLIC KEY-----`.
    case spki
    /// The same as base64 in one line, without the frame: what EC2's ImportKeyPair takes, too.
    case der
}
