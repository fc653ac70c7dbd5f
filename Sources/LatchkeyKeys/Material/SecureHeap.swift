// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// OpenSSL's memory for private numbers: locked, not in core files, wiped when it is given back.
enum SecureHeap {
    /// Bytes, a power of two: an RSA key of 4096 bits takes some 10 KiB while it signs. Where all is taken, no more keys can
    /// be read or used.
    private static let size = 1 << 20

    private static let isThere = CRYPTO_secure_malloc_init(size, 32) != 0

    /// Sets it up, once; to be called before a private number is made.
    static func prepare() { _ = isThere }
}

extension Secret {
    /// What one of OpenSSL's `i2d_` functions writes: it is called twice, for the length and for the bytes.
    ///
    /// - Throws: `unsupported` if it fails.
    init(der write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) throws(KeyFault) {
        let length = Int(write(nil))
        self.init(capacity: max(0, length))
        let written = fill { buffer in
            var position = buffer.bindMemory(to: UInt8.self).baseAddress
            return Int(write(&position))
        }
        guard length > 0, written == length else { throw .unsupported("not to be written by this OpenSSL") }
    }

    /// A copy of bytes that must not lie about.
    ///
    /// - Parameter capacity: for more than these.
    init(copying bytes: UnsafeRawBufferPointer, capacity: Int = 0) {
        self.init(capacity: max(capacity, bytes.count))
        _ = append(bytes)
    }
}
