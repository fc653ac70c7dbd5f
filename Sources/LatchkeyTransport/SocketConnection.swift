// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
package import LatchkeySystem

/// A connected socket of this machine, and what still has to be written to it. Nothing here waits.
package final class SocketConnection {
    package enum Reading { case bytes(Int), none, ended }

    /// Non-blocking; -1 until there is one.
    private var descriptor: Int32
    private var pending = ByteQueue(capacity: 4096)
    private var endsInput = false
    /// What it sends is not read any more.
    private var isAbandoned = false
    /// When written data counts as taken without an acknowledgement, on ``SystemClock``; nil before all is with the system.
    private var lingersUntil: Int64?
    /// Milliseconds for that, and between two looks at it, of which no descriptor tells.
    private static let (lingerTime, lingerTick): (Int64, Int64) = (10_000, 20)

    /// Whether nothing more will be read.
    package private(set) var isAtEnd = false
    /// Whether nothing can be written any more: the other side has gone.
    package private(set) var isBroken = false
    /// Whether it was abandoned, and all that was still to be written has reached the other side's system.
    package private(set) var isDone = false

    /// One that is not connected yet. What is appended meanwhile is kept.
    package init() { descriptor = -1 }

    /// - Parameter descriptor: non-blocking; closed with this object.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package var isConnected: Bool { descriptor >= 0 }

    /// Takes the descriptor, non-blocking, of what is connected now.
    package func connect(owning descriptor: Int32) { self.descriptor = descriptor }

    /// How many bytes wait to be written.
    package var backlog: Int { pending.count }

    /// The bytes of memory for that.
    package var memory: Int { pending.capacity }

    package func append(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { pending.append($0) } }

    /// No more will be written.
    package func endInput() { endsInput = true }

    /// Its reader has gone: what waits is still written, and then it is over.
    package func abandon() {
        isAbandoned = true
        endsInput = true
    }

    /// Adds what there is to wait for before ``advance()``, and, if it `reads`, before ``read(into:)``.
    package func add(to waits: inout PollSet, reads: Bool) {
        var events: PollSet.Events = []
        if reads, !isAtEnd, !isAbandoned { events.insert(.readable) }
        if backlog > 0 { events.insert(.writable) }
        waits.add(PollSet.Interest(descriptor, events))
        if lingersUntil != nil, !isDone { waits.wake(after: SocketConnection.lingerTick) }
    }

    /// Writes as far as that goes.
    package func advance() {
        guard isConnected else { return }
        while !pending.isEmpty {
            let count = send(descriptor, pending.content.baseAddress, pending.count, Int32(MSG_NOSIGNAL))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            // Where nothing is taken any more, what is still said is read all the same.
            if count < 0 { isBroken = true }
            pending.removeFirst(count > 0 ? count : pending.count)
        }
        if endsInput && backlog == 0 {
            endsInput = false
            shutdown(descriptor, Int32(SHUT_WR))
            if isAbandoned { lingersUntil = SystemClock.milliseconds() + SocketConnection.lingerTime }
        }
        if let lingersUntil, !isDone {
            isDone = isBroken || !hasUnacknowledged || SystemClock.milliseconds() >= lingersUntil
        }
    }

    /// Whether the other side's system has not got everything yet (SIOCOUTQ of tcp(7)). Closed before that, with something unread,
    /// the connection would be reset and the rest be lost.
    private var hasUnacknowledged: Bool {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 && count > 0
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        guard isConnected, !isAtEnd, !isAbandoned else { return isAtEnd ? .ended : .none }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return .none }
            isBroken = isBroken || count < 0
            isAtEnd = true
            return .ended
        }
    }
}
