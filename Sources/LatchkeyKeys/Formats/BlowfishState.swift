// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// What Blowfish begins with: the fraction of π in binary (Schneier 1993), computed, since OpenSSL does not give it out.
enum BlowfishState {
    static let initial: [UInt32] = fractionOfPi(words: 18 + 4 * 256)

    /// By Machin's formula, π = 16 arctan 1/5 - 4 arctan 1/239, in fixed point with some digits to spare.
    private static func fractionOfPi(words: Int) -> [UInt32] {
        let bits = 32 * words
        let spare = 64
        let (pi, other) = (
            arctangent(ofReciprocal: 5, times: 16, bits: bits + spare),
            arctangent(ofReciprocal: 239, times: 4, bits: bits + spare)
        )
        defer {
            BN_free(pi)
            BN_free(other)
        }
        BN_sub(pi, pi, other)
        BN_mask_bits(pi, Int32(bits + spare))
        BN_rshift(pi, pi, Int32(spare))
        let bytes = [UInt8](unsafeUninitializedCapacity: bits / 8) { buffer, count in
            count = max(0, Int(BN_bn2binpad(pi, buffer.baseAddress, Int32(bits / 8))))
        }
        return bytes.withUnsafeBytes { raw in
            (0..<words).map { UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
    }

    /// `factor` · arctan(1/x) · 2^bits = Σ ± factor · 2^bits / ((2k + 1) x^(2k + 1)).
    private static func arctangent(ofReciprocal x: UInt, times factor: UInt, bits: Int) -> OpaquePointer? {
        let (sum, power, term) = (BN_new(), BN_new(), BN_new())
        defer {
            BN_free(power)
            BN_free(term)
        }
        BN_set_word(power, factor)
        BN_lshift(power, power, Int32(bits))
        BN_div_word(power, x)
        var k: UInt = 0
        while BN_is_zero(power) == 0 {
            BN_copy(term, power)
            BN_div_word(term, 2 * k + 1)
            if k % 2 == 0 { BN_add(sum, sum, term) } else { BN_sub(sum, sum, term) }
            BN_div_word(power, x * x)
            k += 1
        }
        return sum
    }
}
