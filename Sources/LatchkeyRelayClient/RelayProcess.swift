// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel
package import LatchkeySessionProtocol
internal import LatchkeySystem
package import LatchkeyTerminal
package import LatchkeyTransport

/// A shell, command or port at the other end of a session, seen as any process on an instance.
///
/// It outlives its connection: after a cut it looks for another one, in a thread of its own, for as long as the session
/// lives; what was typed meanwhile is kept.
package struct RelayProcess: ~Copyable {
    /// The most bytes of both outputs that wait here to be read.
    private static let outputLimit = 1 << 20
    /// The most bytes of input in one message.
    private static let inputLimit = 64 * 1024
    /// The official agent takes more, but a smaller one keeps its terminal lively.
    private static let officialInputLimit = 16 * 1024

    /// Milliseconds.
    private static let pingInterval: Int64 = 20_000

    private let session: RelaySessionAccess
    private var channel = DataChannel(.client)
    private var reconnection: Reconnection<RelaySessionAccess.Outcome>?
    private var output = OutputQueue()
    private var error = OutputQueue()
    private var size: TerminalSize?
    private var isReady = false
    private var exitStatus: Int32?
    private var inputIsOver = false
    private var notice: String?
    private var lastPing = SystemClock.milliseconds()
    private var wasPeerAway = false
    /// What the official agent says at the end of a command comes in its output's last bytes, not as a status.
    package private(set) var ending: RemoteEnding?
    /// Whether it is a command without a terminal, to which the official agent gives no input.
    package var isCommand = false
    /// Why the session was ended, if not by itself; safe for a terminal.
    package private(set) var reason: String?
    /// Whether the agent is the official one, which knows no end of input and no signals.
    package private(set) var agentIsOfficial = false
    /// What the agent says that it is for; a shell where it does not say.
    package private(set) var sessionType = SessionType.shell
    /// Of a session of ports.
    package private(set) var properties: SessionProperties?
    /// What the agent says that it is.
    package private(set) var agentVersion = ""
    /// A line of the agent's for the user, not made safe for a terminal; empty for none.
    package private(set) var customerMessage = ""
    /// Whether both outputs come as one, in their order.
    package var joinsOutputs = false
    /// Whether what the agent says of a command's exit status is a part of its output, as the official client has it.
    package var showsExitCode = false
    /// Whether a stream of several is closed in one direction at a time.
    package var closesEachWay: Bool { channel.extensions?.halfClose == true }
    /// How many connections the agent could not make, since this was set back.
    package var failedConnections = 0

    /// Goes on with a session whose connection was just opened.
    ///
    /// - Parameter size: of the terminal; nil where there is none.
    package init(
        _ session: RelaySessionAccess,
        over connection: WebSocketConnection,
        token: String,
        size: TerminalSize?
    ) {
        self.session = session
        self.size = size
        channel.attach(connection, opening: session.opening(token: token, isNew: true))
    }

    /// Waits until the agent has said its first words, or the session has ended.
    ///
    /// - Parameter deadline: on ``SystemClock``.
    /// - Returns: false if neither was so in time.
    package mutating func isGreeted(before deadline: Int64) throws -> Bool {
        while true {
            try advance()
            if isReady || ending != nil { return true }
            let left = deadline - SystemClock.milliseconds()
            guard left > 0 else { return false }
            wait(for: left)
        }
    }

    /// - Parameter time: milliseconds, at most.
    private func wait(for time: Int64) {
        var waits = PollSet()
        waits.add(interest(writes: false))
        waits.wake(after: time)
        waits.wake(after: waitTime.map(Int64.init))
        waits.wait()
    }

    // MARK: What the agent says

    private mutating func takeDeliveries() {
        while let delivery = channel.next {
            switch PayloadType(rawValue: delivery.payloadType) {
            case .output, .parameter, .error:
                begin()
                guard hasOutputRoom else { return }
                output.append(delivery.payload)
            case .standardError:
                begin()
                guard hasOutputRoom else { return }
                if joinsOutputs { output.append(delivery.payload) } else { error.append(delivery.payload) }
            case .exitCode:
                if showsExitCode {
                    guard hasOutputRoom else { return }
                    output.append(delivery.payload)
                }
                let text = String(decoding: delivery.payload.prefix(64), as: UTF8.self)
                exitStatus = text.split(separator: ":").last.flatMap { Int32($0.filter { $0.isNumber || $0 == "-" }) }
            case .handshakeRequest: answer(delivery.payload)
            case .handshakeComplete:
                customerMessage = Payload.decode(Handshake.Complete.self, delivery.payload)?.message ?? ""
                begin()
            case .flag where delivery.payload == Flag.connectToPortError.payload: failedConnections += 1
            case .flag, .size, .handshakeResponse, .challengeRequest, .challengeResponse, .some(.none), .inputEnd,
                .signal,
                nil:
                break
            }
            channel.takeNext()
        }
    }

    private var hasOutputRoom: Bool { output.count + error.count < RelayProcess.outputLimit }

    private mutating func answer(_ payload: [UInt8]) {
        guard let request = Payload.decode(Handshake.Request.self, payload) else { return }
        agentIsOfficial = request.extensions == nil
        agentVersion = request.agentVersion
        if let parameters = request.actions.first(where: { $0.type == "SessionType" })?.parameters {
            sessionType = parameters.sessionType.flatMap(SessionType.init) ?? .shell
            properties = parameters.properties
        }
        channel.send(.handshakeResponse, Payload.encode(Handshake.Response(to: request)))
        channel.agree(on: request.extensions)
    }

    /// The agent listens now. One that shows output without a handshake is the official one with a shell.
    private mutating func begin() {
        guard !isReady else { return }
        isReady = true
        agentIsOfficial = channel.extensions == nil
        if let size, hasTerminal { send(size) }
        if inputIsOver { finishInput() }
    }

    private var hasTerminal: Bool { sessionType == .shell || sessionType == .interactiveCommand }

    private mutating func send(_ size: TerminalSize) {
        channel.send(.size, Payload.encode(SizeContent(cols: size.columns, rows: size.rows)))
    }

    /// The official agent knows no end of input: a terminal is typed the key for it, and a port is left.
    private mutating func finishInput() {
        if channel.extensions?.process == true { return channel.send(.inputEnd, [0]) }
        switch sessionType {
        case .shell, .interactiveCommand: channel.send(.output, [0x04])
        case .port: channel.send(.flag, Flag.terminateSession.payload)
        case .command: break
        }
    }

    // MARK: Connection

    private mutating func dropChannel(_ why: String) {
        channel.detach()
        guard reconnection == nil else { return }
        notice = "\(why); reconnecting, ~. gives up"
        reconnection = session.reconnect()
    }

    private mutating func resume() throws {
        guard let outcome = reconnection?.take() else { return }
        reconnection = nil
        switch outcome {
        case .connected(let connection, let token):
            notice = "connected again"
            channel.attach(connection, opening: session.opening(token: token, isNew: !channel.hasHeardPeer))
        case .over:
            // Once the agent has told how the process ended, nothing is missing.
            end(exitStatus == nil ? "the session ended meanwhile" : "")
        case .failed(let error):
            throw error
        }
    }

    /// What may be a block of lines, as the official agent's errors are, in one, safe for a terminal.
    static func line(_ reason: String) -> String {
        reason.split(whereSeparator: \.isNewline)
            .map { String($0.drop { $0.isWhitespace }) }
            // Its heading.
            .filter { !$0.isEmpty && !$0.allSatisfy { $0 == "-" } && !$0.contains("----ERROR----") }
            .joined(separator: "; ")
            .terminalSafe
    }

    private mutating func end(_ reason: String) {
        // An agent that tells how processes end has told it, unless something went wrong. The official one does so for a command
        // alone, and where it has not, something is missing.
        let isOrdinary = reason.isEmpty && channel.extensions?.process != true && !isCommand
        ending = exitStatus.map { .exited(status: $0) } ?? (isOrdinary ? .exited(status: 0) : .unknown)
        self.reason = reason.isEmpty ? nil : RelayProcess.line(reason)
    }
}

extension RelayProcess: RemoteProcess {
    package var descriptor: Int32 { reconnection?.descriptor ?? (hasOutputRoom ? channel.descriptor : -1) }

    package var wantsToWrite: Bool { channel.wantsToWrite }

    package mutating func advance() throws {
        if reconnection != nil { try resume() }
        guard ending == nil else { return }
        do {
            try channel.advance()
            takeDeliveries()
            keepAlive()
            try channel.flush()
        } catch {
            takeDeliveries()
            if channel.closing == nil { dropChannel(error.message) }
        }
        if channel.isPeerAway != wasPeerAway {
            wasPeerAway.toggle()
            notice = wasPeerAway ? "the instance's agent has lost its connection, waiting for it" : "the agent is back"
        }
        if let reason = channel.closing, channel.next == nil {
            end(reason)
            channel.close()
            try? channel.flush()
        }
    }

    package mutating func read(_ stream: RemoteStream, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = stream == .output ? output.read(into: buffer) : error.read(into: buffer)
        if count > 0 {
            if ending == nil { takeDeliveries() }
            return count
        }
        return ending == nil ? 0 : nil
    }

    package var inputRoom: Int {
        guard isReady, ending == nil else { return 0 }
        return min(channel.room, agentIsOfficial ? RelayProcess.officialInputLimit : RelayProcess.inputLimit)
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        // It would take the input and throw it away.
        guard !isCommand || !agentIsOfficial else {
            throw LatchkeyError(
                .requestRefused,
                "the instance's agent is the official one, which gives a command no input",
                hint: "--road ssh-over-relay passes it on; -n gives the command none"
            )
        }
        let count = channel.send(.output, capacity: bytes.count) { target in
            target.copyMemory(from: bytes)
            return bytes.count
        }
        do { try channel.flush() } catch { dropChannel(error.message) }
        return count
    }

    package mutating func endInput() throws {
        inputIsOver = true
        if isReady { finishInput() }
        do { try channel.flush() } catch { dropChannel(error.message) }
    }

    package mutating func resize(to size: TerminalSize) throws {
        guard self.size != nil else { return }
        self.size = size
        if isReady, hasTerminal { send(size) }
    }

    package mutating func send(signal name: String) throws {
        if channel.extensions?.process == true {
            channel.send(.signal, Array(name.utf8))
        } else if let key = ["INT": 0x03, "QUIT": 0x1C, "TSTP": 0x1A][name] as UInt8? {
            channel.send(.output, [key])
        } else {
            // The official agent knows no other; what runs there ends with its session.
            channel.send(.flag, Flag.terminateSession.payload)
        }
    }

    package mutating func probe() throws {
        channel.ping()
        do { try channel.flush() } catch { dropChannel(error.message) }
    }

    package var waitTime: Int? {
        let now = SystemClock.milliseconds()
        var until = channel.deadline
        if isHolding, channel.isConnected { until = min(until ?? .max, lastPing + RelayProcess.pingInterval) }
        return until.map { Int(clamping: max(0, $0 - now)) }
    }

    /// Lets the relay hear of a client that does not read.
    private mutating func keepAlive() {
        let now = SystemClock.milliseconds()
        guard isHolding, now - lastPing >= RelayProcess.pingInterval else { return }
        lastPing = now
        channel.ping()
    }

    /// While it does not read, because its output is not taken, it hears nothing either.
    package var isAway: Bool { reconnection != nil || isHolding }

    private var isHolding: Bool { !hasOutputRoom || !channel.wantsToRead }

    package mutating func abandonConnection(silentFor seconds: Int) throws {
        dropChannel("the relay has not answered for \(seconds) s")
    }

    package mutating func takeNotice() -> String? {
        defer { notice = nil }
        return notice
    }
}

extension RelayProcess: MuxCarrier {
    package var room: Int { inputRoom }

    package mutating func send(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        channel.send(.output, capacity: capacity, fill)
    }

    /// Tells the agent that the session is over, and waits for the relay to say so, too.
    ///
    /// - Parameter deadline: on ``SystemClock``.
    /// - Returns: whether it did.
    package mutating func terminate(before deadline: Int64) -> Bool {
        channel.send(.flag, Flag.terminateSession.payload)
        while ending == nil {
            do { try advance() } catch { return false }
            let left = deadline - SystemClock.milliseconds()
            guard left > 0, reconnection == nil else { return false }
            // What it still says is of no interest.
            output = OutputQueue()
            error = OutputQueue()
            wait(for: left)
        }
        return true
    }
}
