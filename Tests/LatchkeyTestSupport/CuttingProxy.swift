// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A TCP proxy on 127.0.0.1 before a relay, which is spoken to without TLS. It cuts a data channel where a test wants it, or
/// keeps control channels from getting through; all else goes through whole.
package final class CuttingProxy: Sendable {
    package enum Direction: String, CaseIterable, Sendable {
        case towardServer, fromServer
    }

    /// The place of a cut: as soon as so many bytes have gone in one direction.
    package struct Cut: Sendable {
        let direction: Direction
        let offset: Int
    }

    /// What a data channel has carried.
    package struct Count: Sendable {
        fileprivate var carried: [Direction: Int] = [:]
        package fileprivate(set) var wasCut = false

        package func bytes(_ direction: Direction) -> Int { carried[direction] ?? 0 }
    }

    private struct State {
        var cut: Cut?
        var counts: [Count] = []
        var hold: Hold?
        var isHolding = false
        /// The clients' sockets of control channels, and of data channels.
        var controls: Set<Int32> = []
        var datas: Set<Int32> = []
        var isStalled = false

        /// A connection is about to be opened.
        ///
        /// - Returns: where it is to be cut, and whether it must not be.
        mutating func begin(_ kind: Kind, _ client: Int32) -> (Cut?, isTurnedAway: Bool) {
            switch kind {
            case .other: return (nil, false)
            case .control:
                controls.insert(client)
                return (nil, isHolding)
            case .data:
                if hold != nil { isHolding = true }
                if hold == .cut { cutControls() }
                defer { cut = nil }
                datas.insert(client)
                return (cut, false)
            }
        }

        func cutControls() { for descriptor in controls { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// What becomes of control channels.
    package enum Hold: String, CaseIterable, Sendable {
        /// They are cut, and others turned away.
        case cut
        /// Nothing comes through any more, which neither side notices.
        case silence
    }

    private enum Kind {
        case data, control, other

        init(_ head: [UInt8]) {
            let line = String(decoding: head.prefix(64), as: UTF8.self)
            self =
                line.hasPrefix("GET /v1/data-channel/")
                ? .data : line.hasPrefix("GET /v1/control-channel/") ? .control : .other
        }
    }

    package let port: Int
    private let server: Int
    private let listener: Int32
    private let state = Mutex(State())

    private init(to server: Int) throws {
        self.server = server
        (listener, port) = try Loopback.bind()
        guard listen(listener, 64) == 0 else { throw HarnessError("cannot listen at port \(port)") }
        // Ends when the socket is shut down.
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                Thread.detachNewThread { [self] in serve(descriptor) }
            }
            close(listener)
        }
    }

    /// Runs `body` with one before the server at a port of 127.0.0.1.
    package static func with<Value>(to server: Int, _ body: (CuttingProxy) throws -> Value) throws -> Value {
        let proxy = try CuttingProxy(to: server)
        defer { shutdown(proxy.listener, Int32(SHUT_RDWR)) }
        return try body(proxy)
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// Has the next data channel cut.
    ///
    /// - Parameter offset: nil to let it through whole.
    package func cutNext(_ direction: Direction, after offset: Int?) {
        state.withLock { state in
            state.cut = offset.map { Cut(direction: direction, offset: $0) }
            state.counts = []
        }
    }

    /// Holds control channels up from the moment in which the next data channel is opened.
    package func holdControl(_ hold: Hold) { state.withLock { $0.hold = hold } }

    /// Lets control channels through again. Those that were silent are cut.
    package func releaseControl() {
        state.withLock { state in
            (state.hold, state.isHolding) = (nil, false)
            state.cutControls()
        }
    }

    /// Cuts the data channels, and keeps all new connections waiting for an answer that does not come, as a network does that
    /// loses every packet.
    package func stall() {
        state.withLock { state in
            state.isStalled = true
            for descriptor in state.datas { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Lets through what waits since ``stall()``, and all that comes.
    package func proceed() { state.withLock { $0.isStalled = false } }

    /// What the data channels since ``cutNext(_:after:)`` have carried that have come to their end, one after the other.
    package var counts: [Count] { state.withLock { $0.counts } }

    // MARK: A connection

    private func serve(_ client: Int32) {
        defer { Loopback.end(client) }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        Loopback.setNoDelay(client)
        var head: [UInt8] = []
        while !String(decoding: head.suffix(4), as: UTF8.self).hasSuffix("\r\n\r\n") && head.count < 64 {
            guard let more = Loopback.receive(client) else { return }
            head += more
        }
        while state.withLock({ $0.isStalled }) { usleep(20_000) }
        let kind = Kind(head)
        let (cut, isTurnedAway) = state.withLock { $0.begin(kind, client) }
        defer {
            state.withLock { state in
                state.controls.remove(client)
                state.datas.remove(client)
            }
        }
        guard !isTurnedAway, let upstream = Loopback.dial(server) else { return }
        defer { Loopback.end(upstream) }
        Loopback.setNoDelay(upstream)
        var count = Count()
        forward(head, kind, client, upstream, cut, &count)
        if kind == .data { state.withLock { $0.counts.append(count) } }
    }

    /// Passes on what comes, until one side has no more or the cut is due.
    ///
    /// - Parameter head: what has come from the client already.
    private func forward(
        _ head: [UInt8],
        _ kind: Kind,
        _ client: Int32,
        _ upstream: Int32,
        _ cut: Cut?,
        _ count: inout Count
    ) {
        var isOver = !pass(head, .towardServer, to: upstream, cut, &count)
        if let cut, cut.offset == 0 { (isOver, count.wasCut) = (true, true) }
        while !isOver {
            // What the server said before it hung up is passed on first.
            var waits = [upstream, client].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waits, 2, -1) >= 0 || errno == EINTR else { return }
            for wait in waits where wait.revents != 0 && !isOver {
                let (direction, target) =
                    wait.fd == client ? (Direction.towardServer, upstream) : (.fromServer, client)
                guard let bytes = Loopback.receive(wait.fd) else {
                    isOver = true
                    break
                }
                if kind == .control, state.withLock({ $0.isHolding }) { continue }
                isOver = !pass(bytes, direction, to: target, cut, &count)
            }
        }
    }

    /// - Returns: false if that was the end.
    private func pass(
        _ bytes: [UInt8],
        _ direction: Direction,
        to target: Int32,
        _ cut: Cut?,
        _ count: inout Count
    ) -> Bool {
        guard let cut, cut.direction == direction else {
            count.carried[direction, default: 0] += bytes.count
            return Loopback.send(bytes, to: target)
        }
        let chunk = Array(bytes.prefix(cut.offset - count.bytes(direction)))
        count.carried[direction, default: 0] += chunk.count
        count.wasCut = count.bytes(direction) == cut.offset
        return Loopback.send(chunk, to: target) && !count.wasCut
    }
}
