// SPDX-License-Identifier: Apache-2.0

/// What every writer of an encrypted key mixes into its passphrase, so that no two files share a derived key.
enum Salt {
    /// 16 bytes of the system's randomness: the length OpenSSH's, PuTTY's and OpenSSL's writers choose, and an AES block.
    static func fresh() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
