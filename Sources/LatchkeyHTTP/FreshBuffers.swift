// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Buffers for what comes in, none of which is kept, since most connections idle: swift-nio would keep those of a burst
/// for as long as its connection lives. A new one costs far less than the system's call that fills it.
struct FreshBuffers: RecvByteBufferAllocator {
    /// While a connection may still be anyone's: little at a time, so that each has its turn soon.
    static let forRequests = FreshBuffers(size: 4 * 1024)
    /// For sessions, which move much.
    static let forWebSockets = FreshBuffers(size: 128 * 1024)

    private let size: Int
    /// The first one is kept (`NIOPooledRecvBufferAllocator`), so it is small.
    private static let firstSize = 512
    private var isFirst = true

    private init(size: Int) { self.size = size }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: isFirst ? FreshBuffers.firstSize : size)
    }

    /// - Returns: true, so that the first one is not used again.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
