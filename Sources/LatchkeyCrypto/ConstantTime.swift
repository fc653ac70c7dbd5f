// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Comparing without telling, by the time that it takes, how far two things agree.
package enum ConstantTime {
    /// The lengths are not kept secret.
    package static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}
