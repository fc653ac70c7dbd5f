// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// Writes SSH's data types into secret memory. What does not fit is a mistake of the caller.
struct SecretWriter: ~Copyable {
    private var secret: Secret

    init(capacity: Int) { secret = Secret(capacity: capacity) }

    var count: Int { secret.count }

    mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        precondition(secret.append(bytes), "the capacity was chosen too small")
    }

    mutating func raw(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { precondition(secret.append(byte), "the capacity was chosen too small") }
    }

    mutating func uint32(_ value: UInt32) {
        raw([UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)])
    }

    mutating func string(_ bytes: UnsafeRawBufferPointer) {
        uint32(UInt32(bytes.count))
        raw(bytes)
    }

    mutating func string(_ bytes: some Collection<UInt8>) {
        uint32(UInt32(bytes.count))
        raw(bytes)
    }

    /// A number of OpenSSL's, not negative, as an mpint: most significant byte first, a zero before a set top bit.
    mutating func mpint(_ number: OpaquePointer?) {
        let bits = Int(BN_num_bits(number))
        let count = bits == 0 ? 0 : bits / 8 + 1
        uint32(UInt32(count))
        let written = secret.fill { buffer in
            guard buffer.count >= count else { return -1 }
            return Int(BN_bn2binpad(number, buffer.bindMemory(to: UInt8.self).baseAddress, Int32(count)))
        }
        precondition(written == count, "the capacity was chosen too small")
    }

    consuming func finish() -> Secret { secret }
}
