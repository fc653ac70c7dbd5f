// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
package import LatchkeySystem
internal import NIOCore
internal import NIOHTTP1

/// The part of an answer that must not lie about. It does not change: hence `@unchecked`.
package final class SecretBody: @unchecked Sendable {
    private let secret: Secret

    init(_ secret: consuming Secret) { self.secret = secret }

    var count: Int { secret.count }

    package init(copying secret: borrowing Secret) { self.secret = secret.copy() }

    /// Another one that is made of it.
    package func mapped(_ transform: (borrowing Secret) -> Secret) -> SecretBody { SecretBody(transform(secret)) }

    /// A copy to be sent, which the caller wipes.
    func buffer() -> ByteBuffer { secret.withBytes { ByteBuffer(bytes: $0) } }

    /// Zeroes what such a copy holds, in place: an ordinary change would make another copy first if other code still holds
    /// this one.
    static func wipe(_ buffer: ByteBuffer) {
        buffer.withVeryUnsafeBytes { bytes in
            if let base = bytes.baseAddress { explicit_bzero(UnsafeMutableRawPointer(mutating: base), bytes.count) }
        }
    }
}
