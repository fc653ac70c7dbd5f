// SPDX-License-Identifier: Apache-2.0

internal import CLibSSL
internal import NIOCore

/// What OpenSSL reads records from and writes them to: the buffer at hand, and one that grows until it is taken away.
final class MemoryBIO {
    var incoming: ByteBuffer?
    private var outgoing = MemoryBIO.empty

    /// Shares its memory with all others.
    private static let empty = ByteBuffer()

    /// - Returns: false if there is no memory.
    func attach(to connection: OpaquePointer) -> Bool {
        guard let method = MemoryBIO.method.pointer, let bio = BIO_new(method) else { return false }
        // The handler owns both, and ends the connection first.
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        SSL_set_bio(connection, bio, bio)
        return true
    }

    /// Makes room for what is about to be written.
    func reserve(_ size: Int) { outgoing.reserveCapacity(minimumWritableBytes: size) }

    var hasOutgoing: Bool { outgoing.readableBytes > 0 }

    func takeOutgoing() -> ByteBuffer {
        defer { outgoing = MemoryBIO.empty }
        return outgoing
    }

    /// OpenSSL's table of functions; made once, never changed.
    private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers")
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let wire = MemoryBIO.of(bio), count > 0 else { return -1 }
            wire.outgoing.writeBytes(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return count
        }
        BIO_meth_set_read(method) { bio, target, size in
            lk_bio_wants_nothing(bio)
            guard let wire = MemoryBIO.of(bio), let target, size > 0 else { return -1 }
            let count = min(Int(size), wire.incoming?.readableBytes ?? 0)
            guard count > 0 else {
                lk_bio_wants_read(bio)
                return -1
            }
            wire.incoming?
                .readWithUnsafeReadableBytes { bytes in
                    UnsafeMutableRawBufferPointer(start: target, count: count)
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                    return count
                }
            return Int32(count)
        }
        // A flush has nothing to do and succeeds; nothing else is asked for that matters.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return Method(pointer: method)
    }()

    private static func of(_ bio: OpaquePointer?) -> MemoryBIO? {
        BIO_get_data(bio).map { Unmanaged<MemoryBIO>.fromOpaque($0).takeUnretainedValue() }
    }
}
