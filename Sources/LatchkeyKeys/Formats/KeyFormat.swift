// SPDX-License-Identifier: Apache-2.0

/// The text form that a private key is kept in. The raw values stand in the index.
package enum KeyFormat: UInt8, CaseIterable, Codable, Sendable {
    /// OpenSSH's own (`BEGIN OPENSSH PRIVATE KEY`).
    case openssh = 1
    /// RSA only (`BEGIN RSA PRIVATE KEY`).
    case pkcs1
    /// `BEGIN PRIVATE KEY` or `BEGIN ENCRYPTED PRIVATE KEY`.
    case pkcs8
    /// NIST curves only (`BEGIN EC PRIVATE KEY`).
    case sec1
    /// PuTTY's, version 3.
    case ppk
    /// PuTTY's, version 2, for PuTTY before 0.75.
    case ppk2

    /// How people call it.
    package var name: String {
        switch self {
        case .openssh: "OpenSSH"
        case .pkcs1: "PKCS#1"
        case .pkcs8: "PKCS#8"
        case .sec1: "SEC1"
        case .ppk: "PuTTY 3"
        case .ppk2: "PuTTY 2"
        }
    }
}
