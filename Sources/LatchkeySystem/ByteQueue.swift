// SPDX-License-Identifier: Apache-2.0

/// Bytes that come in at one end and go out at the other. Its memory grows to what is held at once, and falls back to the
/// beginning's when it is empty after that was much.
package struct ByteQueue: ~Copyable {
    private var storage: UnsafeMutableRawBufferPointer
    private let initialCapacity: Int
    private var start = 0
    private var end = 0

    package init(capacity: Int) {
        initialCapacity = capacity
        storage = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { storage.deallocate() }

    package var count: Int { end - start }
    package var isEmpty: Bool { start == end }
    /// The bytes of memory that it has.
    package var capacity: Int { storage.count }

    /// What it holds; valid until the next change.
    package var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[start..<end]) }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        append(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Adds `count` bytes that `write` writes.
    package mutating func append(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        reserve(count)
        write(UnsafeMutableRawBufferPointer(rebasing: storage[end..<end + count]))
        end += count
    }

    /// Adds what `write` writes into the free room, of which there is at least `size`; it returns how much that was.
    package mutating func fill<Failure: Error>(
        reserving size: Int,
        _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int?
    ) throws(Failure) -> Int? {
        reserve(size)
        let count = try write(UnsafeMutableRawBufferPointer(rebasing: storage[end...]))
        end += count ?? 0
        return count
    }

    package mutating func removeFirst(_ count: Int) {
        precondition(count <= self.count, "there is not so much")
        start += count
        guard start == end else { return }
        start = 0
        end = 0
        if storage.count > 16 * initialCapacity {
            storage.deallocate()
            storage = .allocate(byteCount: initialCapacity, alignment: 16)
        }
    }

    private mutating func reserve(_ size: Int) {
        if storage.count - end >= size { return }
        let held = count
        if storage.count - held >= size && start >= held {
            storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
        } else {
            let grown = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(storage.count * 2, held + size),
                alignment: 16
            )
            grown.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
            storage.deallocate()
            storage = grown
        }
        start = 0
        end = held
    }
}
