// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeyTransport

/// A connection to a port of this machine or another one, from the dialling on. Nothing here waits.
final class PortConnection {
    enum Reading { case bytes(Int), none, ended }

    private var dial: PortDial?
    private var descriptor: Int32
    private var isConnected = false
    private var pending = GrowingBuffer(capacity: 4096)
    private var endsInput = false
    /// Nobody reads what it says any more.
    private var isAbandoned = false
    /// When what was written counts as taken though nobody has said so, on ``SystemClock``; nil before all of it is with the system.
    private var lingersUntil: Int64?
    /// Milliseconds for that, and between two looks at it, of which no descriptor tells.
    private static let (lingerTime, lingerTick): (Int64, Int64) = (10_000, 20)
    private(set) var isAtEnd = false

    /// - Throws: why it cannot be reached.
    init(_ target: PortTarget) throws(PortTargetError) {
        var dial = PortDial(target)
        descriptor = try dial.start()
        self.dial = consume dial
    }

    deinit { if isConnected { close(descriptor) } }

    /// How many bytes wait to be written.
    var backlog: Int { pending.count }

    /// The bytes of memory for that.
    var memory: Int { pending.capacity }

    func append(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { pending.append($0) } }

    /// No more will be written.
    func endInput() { endsInput = true }

    /// Nobody is at the other end any more: what waits is still written, and then it is over.
    func abandon() {
        isAbandoned = true
        endsInput = true
    }

    func interest(reads: Bool) -> pollfd {
        guard isConnected else { return pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0) }
        let events = (reads && !isAtEnd && !isAbandoned ? POLLIN : 0) | (backlog > 0 ? POLLOUT : 0)
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    /// Milliseconds until ``advance()`` is wanted though no descriptor says so; nil for never.
    var patience: Int64? {
        if lingersUntil != nil { return isAtEnd ? nil : PortConnection.lingerTick }
        return isConnected ? nil : Int64(dial?.timeout ?? 0)
    }

    /// Dials and writes as far as that goes.
    ///
    /// - Throws: `unreachable`, `denied`.
    func advance() throws(PortTargetError) {
        if !isConnected {
            switch try dial?.finish() {
            case .waiting(let next): descriptor = next
            case .connected(let connected):
                descriptor = connected
                isConnected = true
                dial = nil
            case nil: return
            }
        }
        guard isConnected else { return }
        while !pending.isEmpty {
            let count = send(descriptor, pending.content.baseAddress, pending.count, Int32(MSG_NOSIGNAL))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            // Where nothing is taken any more, what is still said is read all the same.
            pending.removeFirst(count > 0 ? count : pending.count)
        }
        if endsInput && backlog == 0 {
            endsInput = false
            shutdown(descriptor, Int32(SHUT_WR))
            if isAbandoned { lingersUntil = SystemClock.milliseconds() + PortConnection.lingerTime }
        }
        if let lingersUntil, !isAtEnd {
            isAtEnd = !hasUnacknowledged || SystemClock.milliseconds() >= lingersUntil
        }
    }

    /// Whether the other side's system has not got everything yet (SIOCOUTQ of tcp(7)). Closed before that, with something unread,
    /// the connection would be reset and the rest be lost.
    private var hasUnacknowledged: Bool {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 && count > 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        guard isConnected, !isAtEnd, !isAbandoned else { return isAtEnd ? .ended : .none }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return .none }
            isAtEnd = true
            return .ended
        }
    }
}
