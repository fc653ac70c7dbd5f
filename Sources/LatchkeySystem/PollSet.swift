// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What one thread waits for at once: descriptors, and the moment at which something is due though none of them says so
/// (poll(2)). It is filled anew for each wait, and keeps its memory in between.
package struct PollSet: Sendable {
    package struct Events: OptionSet, Sendable {
        package let rawValue: Int16

        package init(rawValue: Int16) { self.rawValue = rawValue }

        private init(_ event: Int32) { rawValue = Int16(event) }

        /// What a wait has brought: that a descriptor is broken or at its end counts for all that was waited for there.
        init(of entry: pollfd) {
            let isOver = entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
            rawValue = isOver ? entry.events | entry.revents : entry.revents
        }

        /// There is something to read, or the end of it.
        package static let readable = Events(POLLIN)
        package static let writable = Events(POLLOUT)
        /// The other end says no more: Linux's POLLRDHUP (poll(2)), which C shows only under _GNU_SOURCE.
        package static let peerEnded = Events(0x2000)
    }

    /// A descriptor, and what is waited for there.
    package struct Interest: Equatable, Sendable {
        /// Below zero for none.
        package let descriptor: Int32
        package let events: Events

        package init(_ descriptor: Int32, _ events: Events) {
            self.descriptor = descriptor
            self.events = events
        }

        package static func readable(_ descriptor: Int32) -> Interest { Interest(descriptor, .readable) }
        package static func writable(_ descriptor: Int32) -> Interest { Interest(descriptor, .writable) }
    }

    /// Where an interest stands in its set, until that is emptied.
    package struct Position: Sendable {
        fileprivate let index: Int
    }

    private var entries: [pollfd] = []
    /// On ``SystemClock``; nil for never.
    private var deadline: Int64?

    package init() {}

    /// Whether there is nothing to wait for: no descriptor, and no moment.
    package var isEmpty: Bool { deadline == nil && entries.allSatisfy { $0.fd < 0 } }

    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        deadline = nil
    }

    /// - Parameter interest: nil for nothing, so that what is not waited for just now has its position, too.
    @discardableResult
    package mutating func add(_ interest: Interest?) -> Position {
        let events = interest?.events ?? []
        // Nothing to wait for would still be woken by an end (poll(2): POLLHUP and POLLERR cannot be left out).
        let descriptor = events.isEmpty ? -1 : interest?.descriptor ?? -1
        entries.append(pollfd(fd: descriptor, events: events.rawValue, revents: 0))
        return Position(index: entries.count - 1)
    }

    /// Something is due then at the latest.
    ///
    /// - Parameter deadline: milliseconds on ``SystemClock``; nil for never.
    package mutating func wake(at deadline: Int64?) {
        if let deadline { self.deadline = min(self.deadline ?? deadline, deadline) }
    }

    /// - Parameter time: milliseconds from now; nil for never.
    package mutating func wake(after time: Int64?) {
        guard let time, time < .max / 2 else { return }
        wake(at: SystemClock.milliseconds() + time)
    }

    /// Waits until a descriptor is ready, the moment has come or a signal was taken.
    ///
    /// - Returns: 0, or the number of the error for which nothing can be waited for.
    @discardableResult
    package mutating func wait() -> Int32 {
        let timeout = PollSet.timeout(until: deadline)
        let count = entries.withUnsafeMutableBufferPointer { entries in
            poll(entries.baseAddress, nfds_t(entries.count), timeout)
        }
        guard count < 0 else { return 0 }
        let number = errno
        for index in entries.indices { entries[index].revents = 0 }
        return number == EINTR ? 0 : number
    }

    /// What the last wait has brought; the end of a descriptor, or an error, counts for all that was waited for there.
    package func events(at place: Position) -> Events { Events(of: entries[place.index]) }

    /// Whether the last wait has brought anything.
    package func isReady(_ place: Position) -> Bool { entries[place.index].revents != 0 }

    /// Milliseconds as poll(2) takes them; nil for ever.
    static func timeout(until deadline: Int64?) -> Int32 {
        deadline.map { Int32(clamping: max(0, $0 - SystemClock.milliseconds())) } ?? -1
    }
}
