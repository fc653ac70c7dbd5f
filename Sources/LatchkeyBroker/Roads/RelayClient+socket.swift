// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyRelayClient
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal
internal import LatchkeyTransport
internal import Synchronization

/// A port as a socket: SSH through the relay.
extension RelayClient {
    /// A connection to the instance's sshd.
    ///
    /// - Parameter port: nil for the one that its agent knows.
    /// - Returns: a socket, on which the other end answers as soon as the agent has reached the port.
    func socket(to instance: Instance, port: Int?) throws -> Dialer.Socket {
        let opened = try open(instance, .port(port, default: instance.port), size: nil)
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw LatchkeyError(.fileUnusable, "no file descriptor is left", hint: "raise the limit: ulimit -n")
        }
        let sessionID = opened.id
        let tunnel = RelayTunnel(opened.takeProcess(), ends[1])
        let (service, running) = (service, tunnels.running)
        running.begin()
        let threads = Threads(1) {
            if let reason = tunnel.run() { running.note(reason) }
            // A client that is done with SSH has closed the socket; the session has no more to do.
            try? RelayClient(service).terminate(sessionID)
            running.end()
        }
        guard let threads else {
            running.end()
            close(ends[0])
            throw LatchkeyError(.fileUnusable, "no thread is left")
        }
        threads.detach()
        return Dialer.Socket(owning: ends[0])
    }
}

/// The tunnels of a road. When the last one who uses the road is done, their sessions are ended before the process is.
final class Tunnels: Sendable {
    /// Milliseconds that the relay has for it.
    private static let shutdownTimeout: Int64 = 4000

    final class Running: Sendable {
        private let count = Atomic(0)
        private let lastReason = Mutex<String?>(nil)
        private let signal = WakeSignal()

        func begin() { count.add(1, ordering: .relaxed) }

        func end() {
            count.subtract(1, ordering: .releasing)
            signal.raise()
        }

        func note(_ reason: String) { lastReason.withLock { $0 = reason } }

        /// Why the last tunnel that failed did so, safe for a terminal; nil if none did since this was asked.
        func takeReason() -> String? {
            lastReason.withLock { reason in
                defer { reason = nil }
                return reason
            }
        }

        func wait(until deadline: Int64) {
            while count.load(ordering: .acquiring) > 0, SystemClock.milliseconds() < deadline {
                Descriptor.wait(signal.descriptor, for: .readable, until: deadline)
                signal.clear()
            }
        }
    }

    let running = Running()

    deinit { running.wait(until: SystemClock.milliseconds() + Tunnels.shutdownTimeout) }
}

/// Moves bytes between a session's port and a socket, on a thread of its own.
private final class RelayTunnel: @unchecked Sendable {
    private static let bufferSize = 256 * 1024

    // Handed over before the thread begins, and used by that thread alone afterwards.
    private var process: RelayProcess
    private let descriptor: Int32
    private var toSocket = ByteQueue(capacity: RelayTunnel.bufferSize)
    private var toPort = ByteQueue(capacity: RelayTunnel.bufferSize)
    private var socketIsDone = false
    private var endWasSent = false
    private var waits = PollSet()

    /// Takes the descriptor.
    init(_ process: consuming RelayProcess, _ descriptor: Int32) {
        self.process = process
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// - Returns: what the other end said of why it failed; nil if it did not.
    func run() -> String? {
        defer { shutdown(descriptor, Int32(SHUT_RDWR)) }
        do {
            while try turn() { wait() }
            return process.reason
        } catch {
            return (error as? LatchkeyError)?.message ?? (error as? TransportError)?.message
        }
    }

    /// - Returns: false when nothing more can come.
    private func turn() throws -> Bool {
        try process.advance()
        var portIsDone = false
        while toSocket.count < RelayTunnel.bufferSize {
            let count = toSocket.fill(reserving: 64 * 1024) { process.read(.output, into: $0) }
            guard let count else {
                portIsDone = true
                break
            }
            if count == 0 { break }
        }
        while !toSocket.isEmpty {
            let count = send(descriptor, toSocket.content.baseAddress, toSocket.count, Int32(MSG_NOSIGNAL))
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { break }
                return false
            }
            toSocket.removeFirst(count)
        }
        while !socketIsDone, toPort.count < RelayTunnel.bufferSize {
            let count = toPort.fill(reserving: 64 * 1024) { buffer -> Int? in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return nil }
                return max(0, count)
            }
            guard let count else {
                socketIsDone = true
                break
            }
            if count == 0 { break }
        }
        while !toPort.isEmpty {
            let size = min(toPort.count, process.inputRoom)
            guard size > 0 else { break }
            let count = try process.write(UnsafeRawBufferPointer(rebasing: toPort.content[..<size]))
            guard count > 0 else { break }
            toPort.removeFirst(count)
        }
        if socketIsDone, toPort.isEmpty, !endWasSent {
            endWasSent = true
            // libssh closes both ways at once, and says nothing more.
            return false
        }
        return !(portIsDone && toSocket.isEmpty)
    }

    private func wait() {
        waits.removeAll()
        waits.add(toSocket.count < RelayTunnel.bufferSize ? process.interest(writes: !toPort.isEmpty) : nil)
        var events: PollSet.Events = []
        if !socketIsDone, toPort.count < RelayTunnel.bufferSize { events.insert(.readable) }
        if !toSocket.isEmpty { events.insert(.writable) }
        waits.add(PollSet.Interest(descriptor, events))
        waits.wake(after: process.waitTime.map(Int64.init))
        waits.wake(after: 15_000)
        waits.wait()
    }
}
