// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Randomness that cannot be guessed.
package enum Random {
    /// So many random bytes, from OpenSSL's generator; the program ends if the system's random numbers cannot be read.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            used = fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
        }
    }

    /// - Returns: how many bytes that were: all.
    @discardableResult
    package static func fill(_ target: UnsafeMutableRawBufferPointer) -> Int {
        let start = target.bindMemory(to: UInt8.self).baseAddress
        // Without randomness nothing that this module does is worth anything.
        guard RAND_bytes(start, Int32(target.count)) == 1 else {
            fatalError("the system's random numbers cannot be read")
        }
        return target.count
    }

    /// A UUID of version 4 (RFC 9562 §5.4) as text, in lower case: 36 characters, 122 random bits.
    package static func uuid() -> String {
        var bytes = bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Hex.encode(bytes).utf8
        var text = ""
        text.reserveCapacity(36)
        for (place, digit) in digits.enumerated() {
            if place == 8 || place == 12 || place == 16 || place == 20 { text.append("-") }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }

    /// Characters of an alphabet, each as likely as every other.
    ///
    /// - Parameters:
    ///   - length: how many characters.
    ///   - alphabet: 1 to 256 characters, none twice.
    package static func text(_ length: Int, alphabet: String) -> String {
        let characters = Array(alphabet)
        precondition((1...256).contains(characters.count), "an alphabet has 1 to 256 characters")
        // What lies beyond the last whole multiple would make the first characters likelier.
        let limit = 256 / characters.count * characters.count
        var text = ""
        var count = 0
        while count < length {
            for byte in bytes(length - count) where Int(byte) < limit {
                text.append(characters[Int(byte) % characters.count])
                count += 1
            }
        }
        return text
    }
}
