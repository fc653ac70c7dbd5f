// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
package import LatchkeyMetrics
package import Logging
internal import NIOCore

/// Decides which connections are kept. Those that have not authenticated have limits of their own, in all and by source; where
/// one is reached, the connection that has been silent for longest goes. So a client that speaks is served, however many
/// others hold connections open.
///
/// Confined to one event loop.
package final class ConnectionLimiter: @unchecked Sendable {
    /// Why a connection was closed or not taken.
    enum Reason: String, CaseIterable {
        case source, unauthenticated, connections, descriptors, memory

        var message: String {
            switch self {
            case .source: "too many connections of one source have not authenticated"
            case .unauthenticated: "too many connections have not authenticated"
            case .connections: "too many connections are open"
            case .descriptors: "the system has no more descriptors"
            case .memory: "too much was sent by connections that have not authenticated"
            }
        }
    }

    /// Numbers, since a connection that is held here would keep its buffers after its end.
    private typealias Queue = CircularBuffer<(stamp: UInt64, id: TrackedConnection.ID)>

    private let limits: ConnectionLimits
    private let origin: PublicOrigin
    private let metrics: ServerMetrics
    private let log: Logger
    private var stamp: UInt64 = 0
    private var open = 0
    /// One that has authenticated is in neither, and lives as long as its owner.
    private var unauthenticated: [TrackedConnection.ID: TrackedConnection] = [:]
    private var bySource: [ConnectionSource: [TrackedConnection.ID: TrackedConnection]] = [:]
    /// Oldest first. An entry counts only while its connection is here and has its stamp.
    private var silent = Queue()
    private var waiting = Queue()
    /// What connections that have not authenticated have sent.
    private var bytes = 0
    /// Called when connections come and go, which need memory for a moment.
    package var onChange: () -> Void = {}
    /// Connections closed since the log was told of each reason, and when that was.
    private var told: [Reason: (count: Int, at: NIODeadline)] = [:]

    /// - Parameter origin: knows the proxies, which are many clients each and have no limit of their own.
    package init(_ limits: ConnectionLimits, origin: PublicOrigin = .ofRequest, metrics: ServerMetrics, log: Logger) {
        self.limits = limits
        self.origin = origin
        self.metrics = metrics
        self.log = log
    }

    /// Takes up a connection that was accepted, and closes others for it where a limit is reached.
    ///
    /// - Returns: nil if there is no room: the caller closes it at once.
    func admit(_ channel: any Channel) -> TrackedConnection? {
        let address = channel.remoteAddress?.ipAddress ?? ""
        let source = ConnectionSource(address: address)
        if let others = bySource[source], others.count >= limits.unauthenticatedPerSource, !origin.isProxy(address) {
            guard let oldest = ConnectionLimiter.oldest(others) else { return refuse(.source) }
            close(oldest, .source)
        }
        if open >= limits.connections, !closeOldest(.connections) { return refuse(.connections) }
        if unauthenticated.count >= limits.unauthenticated, !closeOldest(.unauthenticated) {
            return refuse(.unauthenticated)
        }
        let connection = TrackedConnection(channel, source, nextStamp(), self)
        open += 1
        let id = connection.id
        unauthenticated[id] = connection
        bySource[source, default: [:]][id] = connection
        enqueue(connection, &silent)
        publish()
        channel.closeFuture.whenComplete { _ in
            self.open -= 1
            if let connection = self.unauthenticated[id] {
                self.move(connection, to: .closed)
            } else {
                self.publish()
            }
        }
        return connection
    }

    /// The system has no descriptor for another connection: closes one that has not authenticated.
    func makeRoom() {
        if !closeOldest(.descriptors) { count(.descriptors) }
    }

    // MARK: A connection's state

    func move(_ connection: TrackedConnection, to state: TrackedConnection.State) {
        guard connection.state != state, connection.state != .closed else { return }
        let wasAuthenticated = connection.state == .authenticated
        // Once shown, it stays so; and what a connection has sent counts no more.
        if wasAuthenticated, state != .closed { return }
        connection.state = state
        connection.stamp = nextStamp()
        switch state {
        case .silent: enqueue(connection, &silent)
        case .waiting: enqueue(connection, &waiting)
        case .authenticated, .closed: if !wasAuthenticated { release(connection) }
        }
        publish()
    }

    private func release(_ connection: TrackedConnection) {
        let id = connection.id
        bytes -= connection.bytes
        connection.bytes = 0
        unauthenticated[id] = nil
        bySource[connection.source]?[id] = nil
        if bySource[connection.source]?.isEmpty == true { bySource[connection.source] = nil }
    }

    func account(_ connection: TrackedConnection, _ count: Int) {
        guard connection.state == .silent || connection.state == .waiting else { return }
        bytes += count - connection.bytes
        connection.bytes = count
        if bytes > limits.unauthenticatedBytes { makeRoomInMemory() }
        metrics.unauthenticatedBytes.set(bytes)
    }

    /// Closes the connections that have sent most, and a few more than there have to be: looking for them at each piece of a
    /// flood would take longer than the pieces themselves.
    private func makeRoomInMemory() {
        let enough = limits.unauthenticatedBytes / 8 * 7
        for connection in unauthenticated.values.sorted(by: { $0.bytes > $1.bytes }) where bytes > enough {
            close(connection, .memory)
        }
    }

    private func nextStamp() -> UInt64 {
        stamp += 1
        return stamp
    }

    private func publish() {
        onChange()
        metrics.connections.set(open)
        metrics.unauthenticatedConnections.set(unauthenticated.count)
        metrics.unauthenticatedBytes.set(bytes)
    }

    // MARK: Closing

    /// Closes the connection that has been silent for longest, or else the one that has waited for longest.
    ///
    /// - Returns: false if there is none.
    private func closeOldest(_ reason: Reason) -> Bool {
        guard let oldest = first(of: &silent) ?? first(of: &waiting) else { return false }
        close(oldest, reason)
        return true
    }

    /// The one of these that has been silent for longest, or else has waited for longest.
    private static func oldest(_ connections: [TrackedConnection.ID: TrackedConnection]) -> TrackedConnection? {
        connections.values.min { one, other in
            (one.state == .waiting ? 1 : 0, one.stamp) < (other.state == .waiting ? 1 : 0, other.stamp)
        }
    }

    private func close(_ connection: TrackedConnection, _ reason: Reason) {
        move(connection, to: .closed)
        count(reason)
        connection.channel.close(promise: nil)
    }

    private func refuse(_ reason: Reason) -> TrackedConnection? {
        count(reason)
        return nil
    }

    private func enqueue(_ connection: TrackedConnection, _ queue: inout Queue) {
        // Most entries may be of connections that have gone on.
        if queue.count > 2 * unauthenticated.count + 64 {
            queue = Queue(queue.filter { unauthenticated[$0.id]?.stamp == $0.stamp })
        }
        queue.append((connection.stamp, connection.id))
    }

    private func first(of queue: inout Queue) -> TrackedConnection? {
        while let (stamp, id) = queue.first {
            if let connection = unauthenticated[id], connection.stamp == stamp { return connection }
            queue.removeFirst()
        }
        return nil
    }

    // MARK: Telling

    /// Between two lines in the log about the same thing.
    private static let interval = TimeAmount.minutes(1)

    private func count(_ reason: Reason) {
        metrics.droppedConnections.increment()
        let now = NIODeadline.now()
        let count = (told[reason]?.count ?? 0) + 1
        if let at = told[reason]?.at, now - at < ConnectionLimiter.interval {
            told[reason] = (count, at)
            return
        }
        told[reason] = (0, now)
        log.warning("connections dropped", metadata: ["reason": "\(reason.message)", "count": "\(count)"])
    }
}
