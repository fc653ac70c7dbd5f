// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel

/// OpenSSL's memory for private numbers: locked, not in core files, wiped when it is given back.
enum SecureHeap {
    /// Room for some RSA keys of 16384 bits; what does not fit any more goes to ordinary memory, which is wiped too.
    private static let size = 512 * 1024

    private static let isThere = CRYPTO_secure_malloc_init(size, 32) != 0

    /// Sets it up, once; to be called before a private number is made.
    static func prepare() { _ = isThere }
}

extension Secret {
    /// What one of OpenSSL's `i2d_` functions writes: it is called twice, for the length and for the bytes.
    ///
    /// Empty if it fails.
    init(der write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) {
        let length = max(0, Int(write(nil)))
        self.init(capacity: length)
        guard length > 0 else { return }
        _ = fill { buffer in
            var position = buffer.bindMemory(to: UInt8.self).baseAddress
            return Int(write(&position))
        }
    }

    /// A copy of bytes that must not lie about.
    ///
    /// - Parameter capacity: for more than these.
    init(copying bytes: UnsafeRawBufferPointer, capacity: Int = 0) {
        self.init(capacity: max(capacity, bytes.count))
        _ = append(bytes)
    }
}
