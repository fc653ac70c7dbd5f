// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Bytes that must not outlive their use: on pages of their own, out of swap and core files where the system allows
/// it, zeroed at the end. It has no description and is copied by ``copy()`` alone.
package struct Secret: ~Copyable {
    /// The most bytes that a passphrase may have: OpenSSL's older files take no more.
    package static let passphraseLimit = 1024

    private let storage: UnsafeMutableRawBufferPointer
    /// How many bytes fit.
    package let capacity: Int
    /// How many of them are used.
    package private(set) var count = 0

    /// Room for at least `capacity` bytes, none of them used yet.
    package init(capacity: Int) {
        let page = 4096
        // One more byte, always zero, so that C can read the content as a string.
        let length = (capacity + 1 + page - 1) / page * page
        guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else { fatalError("out of memory") }
        _ = mlock(base, length)
        _ = madvise(base, length, MADV_DONTDUMP)
        storage = UnsafeMutableRawBufferPointer(start: base, count: length)
        self.capacity = length - 1
    }

    deinit {
        guard let base = storage.baseAddress else { return }
        explicit_bzero(base, storage.count)
        munmap(base, storage.count)
    }

    /// - Returns: false, and nothing is kept, if there is no room.
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        storage[count] = byte
        count += 1
        return true
    }

    /// - Returns: false, and nothing is kept, if there is no room.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= capacity - count else { return false }
        UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyMemory(from: bytes)
        count += bytes.count
        return true
    }

    /// Lets `body` write into the free rest; it returns how many bytes it wrote, or a negative number for none.
    package mutating func fill(_ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int {
        let written = try body(UnsafeMutableRawBufferPointer(rebasing: storage[count..<capacity]))
        count += max(0, written)
        return written
    }

    /// Adds `bytes` bit by bit without carry, as far as both reach.
    package mutating func formExclusiveOr(_ bytes: UnsafeRawBufferPointer) {
        // Not `^=`, which Swift 6.3 cannot compile for the thread sanitizer.
        for index in 0..<min(count, bytes.count) { storage[index] = storage[index] ^ bytes[index] }
    }

    /// Another one of the same content.
    package borrowing func copy() -> Secret {
        var copy = Secret(capacity: max(1, count))
        // There is room for all of it.
        _ = withBytes { copy.append($0) }
        return copy
    }

    package mutating func removeLast() {
        guard count > 0 else { return }
        count -= 1
        storage[count] = 0
    }

    /// Zeroes the content, to use the room again.
    package mutating func removeAll() {
        if let base = storage.baseAddress { explicit_bzero(base, count) }
        count = 0
    }

    /// The content; valid only inside `body`, and it must not be copied out.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    /// The content as a C string (what follows a zero byte in it is not seen); valid only inside `body`.
    package borrowing func withCString<R: ~Copyable, E: Error>(
        _ body: (UnsafePointer<CChar>) throws(E) -> R
    ) throws(E) -> R {
        let characters = storage.bindMemory(to: CChar.self)
        guard let base = characters.baseAddress else { preconditionFailure("a secret has at least one page") }
        return try body(UnsafePointer(base))
    }
}
