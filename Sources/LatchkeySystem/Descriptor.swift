// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reading, writing and waiting, with descriptors whose flags are left as they are: this process may share them with others.
package enum Descriptor {
    /// Writes all bytes, waiting as long as it takes.
    ///
    /// - Returns: 0, or the error number that stopped it.
    package static func writeAll(_ descriptor: Int32, _ bytes: some Collection<UInt8>) -> Int32 {
        Array(bytes).withUnsafeBytes { writeAll(descriptor, $0) }
    }

    /// As ``writeAll(_:_:)-(_,Collection)``, without a copy of what must not be copied.
    package static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                wait(descriptor, for: .writable, until: nil)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Reads to the end. What a file says of its length may be wrong, and pipes and devices say nothing.
    ///
    /// - Returns: at most one byte more than `limit`; so many say that it is longer.
    package static func readAll(_ descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit + 1, 64 * 1024))
        while content.count <= limit {
            let count = read(descriptor, &chunk, min(chunk.count, limit + 1 - content.count))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            if count == 0 { break }
            content += chunk[..<count]
        }
        return content
    }

    /// Reads to the end, or until there is no room.
    package static func readAll(_ descriptor: Int32, into secret: inout Secret) throws(SystemError) {
        while secret.count < secret.capacity {
            let count = secret.fill { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            if count == 0 { return }
        }
    }

    /// Waits until a descriptor is ready.
    ///
    /// - Parameter deadline: milliseconds on ``SystemClock``; nil for as long as it takes.
    /// - Returns: what it is ready for; nothing if the time has passed.
    @discardableResult
    package static func wait(_ descriptor: Int32, for events: PollSet.Events, until deadline: Int64?) -> PollSet.Events
    {
        while true {
            // Who is always ready does not make a moment that has passed come later.
            if let deadline, SystemClock.milliseconds() >= deadline { return [] }
            if let ready = poll(descriptor, events, PollSet.timeout(until: deadline)) { return ready }
        }
    }

    /// Whether a descriptor is ready now.
    package static func isReady(_ descriptor: Int32, for events: PollSet.Events) -> Bool {
        poll(descriptor, events, 0)?.isEmpty == false
    }

    /// - Returns: nil if a signal came first.
    private static func poll(_ descriptor: Int32, _ events: PollSet.Events, _ timeout: Int32) -> PollSet.Events? {
        var entry = pollfd(fd: descriptor, events: events.rawValue, revents: 0)
        let count = Glibc.poll(&entry, 1, timeout)
        if count < 0 && errno == EINTR { return nil }
        return count > 0 ? PollSet.Events(of: entry) : []
    }
}
