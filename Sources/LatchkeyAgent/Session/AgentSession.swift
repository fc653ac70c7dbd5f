// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTransport

/// One session at the agent, on a thread of its own, until it is over.
struct AgentSession: ~Copyable {
    /// Milliseconds: for each attempt to reach the relay, between two of them, and without a connection in all.
    private static let timeout = 20_000
    private static let pauses = 100...2000
    private static let awayLimit: Int64 = 15 * 60 * 1000
    private static let pingInterval: Int64 = 25_000
    private static let silenceLimit: Int64 = 70_000

    /// Opens a data channel of a session; waits for milliseconds at the most.
    typealias Dial =
        @Sendable (_ sessionID: String, _ timeout: Int) throws(RelayAccess.Failure) -> (
            WebSocketConnection, OpenDataChannel
        )

    /// What became of a search for a connection.
    private enum Arrival {
        case connected(WebSocketConnection, OpenDataChannel)
        /// The relay says that the session is over.
        case over
        /// The system had no thread to search in.
        case noThread
    }

    private let task: SessionTask
    private let type: SessionType
    private let dial: Dial
    private let control: SessionControl
    private let makeEnd: (SessionTask, SessionType) throws(SessionBackendFailure) -> any SessionBackend
    private var channel = DataChannel(.agent)
    private var end: (any SessionBackend)?
    private var isGreeted = false
    private var isAgreed = false
    private var started = SystemClock.milliseconds()
    /// The search for a connection, while there is none.
    private var search: Reconnection<Arrival>?
    private var lostSince = SystemClock.milliseconds()
    private var lastPing = SystemClock.milliseconds()
    private var waits = PollSet()

    init(
        _ task: SessionTask,
        _ type: SessionType,
        control: SessionControl,
        dial: @escaping Dial,
        makeEnd: @escaping (SessionTask, SessionType) throws(SessionBackendFailure) -> any SessionBackend
    ) {
        self.task = task
        self.type = type
        self.control = control
        self.dial = dial
        self.makeEnd = makeEnd
    }

    /// Runs the session.
    ///
    /// - Returns: what went wrong; empty if it ended as sessions do. The relay is to hear of a failure while the connection
    ///   stands, so that it tells the client; then ``leave()``.
    mutating func run() -> String {
        do throws(SessionBackendFailure) {
            reconnect(after: 0)
            while !control.isCancelled, channel.closing == nil {
                try turn()
                if isDone { break }
                wait()
            }
            if let reason = control.reason { throw SessionBackendFailure(reason: reason) }
            // What runs is hung up on now, whether or not the relay has heard.
            end = nil
            sayGoodbye()
            return ""
        } catch {
            end = nil
            // A goodbye would pass for an ordinary end.
            return error.reason
        }
    }

    /// Whether the client has everything. It may read slowly, a page at a time; one that does nothing for too long is ended by
    /// the relay's idle limit.
    private var isDone: Bool {
        guard isAgreed, let end else { return false }
        return end.isOver && channel.hasArrived
    }

    // MARK: The relay

    /// Looks for a connection in a thread of its own: an attempt may wait for long, and what runs here does not.
    private mutating func reconnect(after delay: Int) {
        let (dial, sessionID) = (dial, task.sessionID)
        search = Reconnection(after: delay, pauses: AgentSession.pauses, withoutThread: .noThread) {
            do throws(RelayAccess.Failure) {
                let (connection, opening) = try dial(sessionID, AgentSession.timeout)
                return .connected(connection, opening)
            } catch {
                switch error {
                case .over: return .over
                case .lost: return nil
                }
            }
        }
    }

    private mutating func dropChannel() {
        guard channel.isConnected else { return }
        channel.detach()
        lostSince = SystemClock.milliseconds()
        reconnect(after: Int.random(in: AgentSession.pauses.lowerBound / 2...AgentSession.pauses.lowerBound))
    }

    private mutating func resume() throws(SessionBackendFailure) {
        guard let arrival = search?.take() else {
            guard SystemClock.milliseconds() - lostSince > AgentSession.awayLimit else { return }
            throw SessionBackendFailure(reason: "the relay could not be reached for 15 minutes")
        }
        search = nil
        switch arrival {
        case .connected(let connection, let opening):
            channel.attach(connection, opening: opening)
            channel.tell(.sessionState, SessionStateContent(state: "Connected", sessionID: task.sessionID))
            lastPing = SystemClock.milliseconds()
            if !isGreeted { greet() }
        case .over:
            guard isGreeted else { throw SessionBackendFailure(reason: "the session was over before it began") }
            control.cancel()
        case .noThread: reconnect(after: AgentSession.pauses.upperBound)
        }
    }

    // MARK: The stream

    private mutating func greet() {
        isGreeted = true
        isAgreed = false
        started = SystemClock.milliseconds()
        let properties = type == .port ? task.document.properties.forClient : nil
        channel.send(
            .handshakeRequest,
            Payload.encode(Handshake.Request(sessionType: type, properties: properties))
        )
    }

    private mutating func turn() throws(SessionBackendFailure) {
        if channel.isConnected {
            do {
                try channel.advance()
                keepAlive()
            } catch {
                if channel.closing == nil { dropChannel() }
            }
        } else {
            try resume()
        }
        if channel.wasTakenOver {
            channel.wasTakenOver = false
            greet()
        }
        while let delivery = channel.next {
            guard try take(delivery) else { break }
            channel.takeNext()
        }
        if isAgreed { try end?.pump(into: &channel) }
        do { try channel.flush() } catch { dropChannel() }
    }

    /// - Returns: false if it has to wait.
    private mutating func take(_ delivery: StreamReceiver.Delivery) throws(SessionBackendFailure) -> Bool {
        switch PayloadType(rawValue: delivery.payloadType) {
        case .handshakeResponse:
            guard let response = Payload.decode(Handshake.Response.self, delivery.payload) else {
                throw SessionBackendFailure(reason: "the client's handshake is not understood")
            }
            if let refusal = response.refusal { throw SessionBackendFailure(reason: refusal) }
            guard !isAgreed else { return true }
            try agree(response)
            return true
        case .flag where delivery.payload == Flag.terminateSession.payload:
            control.cancel()
            return true
        default:
            guard isAgreed, let end, !end.isOver else { return true }
            return try end.accept(delivery)
        }
    }

    private mutating func agree(_ response: Handshake.Response) throws(SessionBackendFailure) {
        let duration = (SystemClock.milliseconds() - started) * 1_000_000
        channel.send(.handshakeComplete, Payload.encode(Handshake.Complete(duration: duration)))
        // Its answer is acknowledged one by one still, all that follows as agreed.
        channel.agree(on: response.extensions)
        isAgreed = true
        if let end {
            end.agreed(on: response.extensions)
            try end.takenOver(by: &channel)
        } else {
            let made = try makeEnd(task, type)
            made.agreed(on: response.extensions)
            end = made
        }
    }

    private mutating func keepAlive() {
        let now = SystemClock.milliseconds()
        guard let heard = channel.lastHeard else { return }
        if now - heard > AgentSession.silenceLimit {
            dropChannel()
        } else if now - heard > AgentSession.pingInterval, now - lastPing > AgentSession.pingInterval {
            lastPing = now
            channel.ping()
        }
    }

    private mutating func wait() {
        // Output is read as long as its window has room, with or without a connection.
        let sends = channel.room > 0
        waits.removeAll()
        if isAgreed { end?.add(to: &waits, sends: sends) }
        waits.add(channel.wantsToRead ? channel.interest : nil)
        waits.add(.readable(control.descriptor))
        waits.add(search.map { .readable($0.descriptor) })
        waits.wake(at: channel.deadline)
        waits.wake(after: 5000)
        waits.wait()
    }

    // MARK: The end

    private mutating func sayGoodbye() {
        channel.tell(.sessionState, SessionStateContent(state: "Terminating", sessionID: task.sessionID))
        leave()
    }

    /// Closes the connection once the relay has answered with the end of the channel, or after a moment: one that is closed
    /// before could lose what was said.
    mutating func leave() {
        let deadline = SystemClock.milliseconds() + 2000
        while channel.isConnected, channel.closing == nil, SystemClock.milliseconds() < deadline {
            do { try channel.advance() } catch { return }
            while channel.next != nil { channel.takeNext() }
            guard channel.closing == nil else { break }
            waits.removeAll()
            waits.add(channel.interest)
            waits.wake(after: 200)
            waits.wait()
        }
        channel.close()
        try? channel.flush()
    }
}
