// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal
package import LatchkeyTransport

/// A place on this machine whose connections go to a port at the other end of a session, as many at once as come.
package struct PortForward: ~Copyable {
    /// Something that the user may want to hear of.
    package enum Event: Equatable, Sendable {
        case accepted
        /// The agent could not reach the port.
        case connectionFailed
        /// About the connection to the relay; safe for a terminal.
        case notice(String)
    }

    /// How it came to its end.
    package enum Outcome: Equatable, Sendable {
        /// The session is over; why, if not by itself.
        case ended(reason: String?)
        case signalled(Int32)
    }

    /// What is read of the session at once.
    private static let chunkSize = 256 * 1024
    /// Milliseconds between two signs of life, where the agent needs them.
    private static let keepAliveInterval: Int64 = 10_000

    private var process: RelayProcess
    private var listener: LocalListener
    private var streams = Multiplexer<SocketConnection>()
    private let signals: Signals
    private let keepsAlive: Bool
    private var lastKeepAlive = SystemClock.milliseconds()
    private var silence = SilenceWatch()
    private var waits = PollSet()
    private var chunk = [UInt8](repeating: 0, count: PortForward.chunkSize)

    /// - Parameter process: one that has been greeted.
    /// - Throws: `fileUnusable` if no file descriptor is left.
    package init(_ process: consuming RelayProcess, _ listener: consuming LocalListener) throws(LatchkeyError) {
        guard let signals = Signals([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP]) else {
            throw LatchkeyError(.fileUnusable, "no file descriptor is left", hint: "raise the limit: ulimit -n")
        }
        self.signals = signals
        streams.closesEachWay = process.closesEachWay
        keepsAlive =
            process.agentIsOfficial
            && AgentVersion(process.agentVersion).map { $0 <= .lastWithKeepAlive } ?? true
        self.process = process
        self.listener = listener
    }

    /// Runs until the session ends or this process is asked to end.
    ///
    /// - Throws: what ends the session's process, and `connectionLost` for a stream that means nothing.
    package mutating func run(_ tell: (Event) -> Void) throws -> Outcome {
        while true {
            try process.advance()
            if let notice = process.takeNotice() { tell(.notice(notice)) }
            while process.failedConnections > 0 {
                process.failedConnections -= 1
                tell(.connectionFailed)
            }
            while streams.streamCount < SmuxReader.streamLimit, let descriptor = listener.accept() {
                streams.open(SocketConnection(owning: descriptor))
                tell(.accepted)
            }
            try takeIn()
            streams.pump(into: &process)
            keepAlive()
            try process.advance()
            if process.ending != nil { return .ended(reason: process.reason) }
            try wait()
            if let number = signals.next() { return .signalled(number) }
        }
    }

    /// Ends the session; whatever is still under way is lost.
    ///
    /// - Parameter deadline: for the relay's answer, on ``SystemClock``.
    /// - Returns: whether the relay said that it is over.
    package mutating func terminate(before deadline: Int64) -> Bool { process.terminate(before: deadline) }

    private mutating func takeIn() throws {
        do throws(Smux.Fault) {
            while try streams.takeFrames(nil) {
                let count = chunk.withUnsafeMutableBytes { process.read(.output, into: $0) } ?? 0
                guard count > 0 else { return }
                streams.append(Array(chunk[..<count]))
            }
        } catch {
            throw LatchkeyError(.connectionLost, "the agent's multiplexed stream is damaged (\(error))")
        }
    }

    private mutating func keepAlive() {
        guard keepsAlive, SystemClock.milliseconds() - lastKeepAlive >= PortForward.keepAliveInterval else { return }
        lastKeepAlive = SystemClock.milliseconds()
        let frame = Smux.frame(.keepAlive, 0)
        _ = process.send(capacity: frame.count) { target in
            target.copyBytes(from: frame)
            return frame.count
        }
    }

    private mutating func wait() throws {
        waits.removeAll()
        let relay = waits.add(process.interest(writes: false))
        waits.add(signals.interest)
        streams.add(to: &waits, reads: process.room > 2 * Smux.headerSize)
        if streams.streamCount < SmuxReader.streamLimit { listener.add(to: &waits) }
        waits.wake(after: process.waitTime.map(Int64.init))
        waits.wake(after: Int64(silence.waitTime))
        if keepsAlive { waits.wake(at: lastKeepAlive + PortForward.keepAliveInterval) }
        waits.wait()

        if process.isAway || waits.events(at: relay).contains(.readable) { return silence.heard() }
        switch silence.check() {
        case .waiting: break
        case .ask: try process.probe()
        case .gone(let seconds): try process.abandonConnection(silentFor: seconds)
        }
    }
}
