// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem

/// A shell or command of a session.
final class ProcessBackend: SessionBackend {
    /// The most bytes in one message: what goes through an official client fastest, and through Latchkey's own.
    private static let officialChunk = 32 * 1024
    private static let chunk = 64 * 1024
    /// What may be under way to an official client's terminal: all of it still arrives after Ctrl-C, and no screen shows more.
    private static let officialTerminalWindow = 64 * 1024
    /// So many messages at a time: what comes in gets its turn, and they are sent while they are in the processor's cache.
    private static let batch = 4
    /// Milliseconds that a shell waits for its client to say how large its terminal is.
    private static let sizeTimeout: Int64 = 300

    /// What the official agent keeps of a command's streams.
    enum Streams {
        /// Standard output and error as one; nothing about the end.
        case joined
        /// Each by itself, then a line with the exit status.
        case separate(StreamPrefixes = StreamPrefixes())
    }

    /// What stands before the first message of a stream, and before each whose predecessor ended a line: so readers of official
    /// clients, which print both streams as one, tell them apart.
    struct StreamPrefixes {
        var output: [UInt8] = []
        var error: [UInt8] = []
    }

    private let specification: LocalProcess.Specification
    private var process: LocalProcess?
    private let streams: Streams
    private var extensions: Handshake.Extensions?
    private var scrollback = Scrollback()
    /// Whether the next message of each begins a line.
    private var (outputBegins, errorBegins) = (true, true)
    private var outputIsOver = false
    private var errorIsOver = false
    private var inputIsOver = false
    private var ending: LocalProcess.Ending?
    private var endWasTold = false
    private var sizeDeadline: Int64?
    /// What is to be said before anything else, to a client that took over.
    private var replay: ArraySlice<UInt8> = []
    private var redraws = false
    /// What went in only in part, and how far. It counts for that message alone.
    private var begun: (id: MessageID, written: Int)?

    /// - Parameter waitsForSize: start only when the client has said how large its terminal is, or after a moment.
    init(
        _ specification: LocalProcess.Specification,
        streams: Streams,
        waitsForSize: Bool
    ) throws(SessionBackendFailure) {
        var specification = specification
        // A command's last words may come from what it has started.
        if specification.terminal == nil { specification.drainTime = nil }
        self.specification = specification
        self.streams = streams
        if waitsForSize {
            sizeDeadline = SystemClock.milliseconds() + ProcessBackend.sizeTimeout
        } else {
            try start(specification.terminal)
        }
    }

    private func start(_ size: LocalTerminalSize?) throws(SessionBackendFailure) {
        sizeDeadline = nil
        var specification = specification
        specification.terminal = size ?? specification.terminal
        do { process = try LocalProcess(specification) } catch { throw SessionBackendFailure(reason: "\(error)") }
    }

    var isOver: Bool { endWasTold }

    func agreed(on extensions: Handshake.Extensions?) { self.extensions = extensions }

    func takenOver(by channel: inout DataChannel) {
        replay = scrollback.content
        inputWaits = false
        // The other client was told how the process ended, if it has.
        endWasTold = false
        // Whatever draws its whole screen does so again when the size changes.
        redraws = specification.terminal != nil
    }

    func add(to waits: inout PollSet, sends: Bool) {
        waits.wake(at: sizeDeadline)
        if ending == nil { waits.add((process?.exitDescriptor).map { .readable($0) }) }
        if inputWaits, !endWasTold { waits.add((process?.inputDescriptor).map { .writable($0) }) }
        // What cannot be sent is not read, and so waits for no time to read it.
        guard sends else { return }
        if !outputIsOver { waits.add((process?.outputDescriptor).map { .readable($0) }) }
        if !errorIsOver, let error = process?.errorDescriptor { waits.add(.readable(error)) }
        if let timeout = process?.drainTimeout, timeout >= 0 { waits.wake(after: Int64(timeout)) }
    }

    private var inputWaits = false

    func accept(_ delivery: StreamReceiver.Delivery) throws(SessionBackendFailure) -> Bool {
        inputWaits = false
        switch PayloadType(rawValue: delivery.payloadType) {
        case .size:
            guard let size = Payload.decode(SizeContent.self, delivery.payload) else { return true }
            try resize(LocalTerminalSize(columns: size.cols, rows: size.rows))
            return true
        case .output:
            guard process != nil else { return sizeDeadline == nil }
            if isKey(delivery) { return true }
            return write(delivery)
        case .inputEnd:
            guard process != nil else { return sizeDeadline == nil }
            inputIsOver = true
            let isDone = process?.endInput() ?? true
            inputWaits = !isDone
            return isDone
        case .signal:
            let name = String(decoding: delivery.payload.prefix(16), as: UTF8.self)
            if let number = Signals.number(named: name) { _ = process?.signal(number) }
            return true
        default: return true
        }
    }

    private func resize(_ size: LocalTerminalSize) throws(SessionBackendFailure) {
        guard specification.terminal != nil else { return }
        if process == nil, sizeDeadline != nil { return try start(size) }
        if redraws {
            redraws = false
            _ = process?.resize(columns: size.columns, rows: max(1, size.rows - 1))
        }
        _ = process?.resize(columns: size.columns, rows: size.rows)
    }

    /// The official client has no other way to send a signal to what has no terminal, and no way to send input.
    private func isKey(_ delivery: StreamReceiver.Delivery) -> Bool {
        guard specification.terminal == nil, extensions == nil else { return false }
        switch delivery.payload {
        case [0x03]: _ = process?.signal(SIGINT)
        case [0x1C]: _ = process?.signal(SIGQUIT)
        default: break
        }
        return true
    }

    /// - Returns: false if a part of it has to wait.
    private func write(_ delivery: StreamReceiver.Delivery) -> Bool {
        let bytes = delivery.payload
        var written = begun?.id == delivery.id ? begun?.written ?? 0 : 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { bytes in
                process?.write(UnsafeRawBufferPointer(rebasing: bytes[written...])) ?? .broken
            }
            switch result {
            case .count(let count): written += count
            case .full:
                begun = (delivery.id, written)
                inputWaits = true
                return false
            case .broken: written = bytes.count
            }
        }
        begun = nil
        return true
    }

    func pump(into channel: inout DataChannel) throws(SessionBackendFailure) {
        if let deadline = sizeDeadline, SystemClock.milliseconds() >= deadline { try start(nil) }
        guard process != nil else { return }
        if specification.terminal != nil { channel.officialWindow = ProcessBackend.officialTerminalWindow }
        if extensions?.process != true, specification.terminal == nil, !inputIsOver {
            // The official agent gives a command no input; one that reads it would wait for ever.
            inputIsOver = true
            process?.endInput()
        }
        while !replay.isEmpty {
            guard channel.room > 0 else { return }
            let chunk = replay.prefix(min(ProcessBackend.officialChunk, channel.room))
            channel.send(.output, chunk)
            replay = replay.dropFirst(chunk.count)
        }
        if ending == nil { ending = process?.ending() }
        let chunk = extensions == nil ? ProcessBackend.officialChunk : ProcessBackend.chunk
        if !outputIsOver {
            outputIsOver = move(.output, .output, chunk, prefixes?.output ?? [], &outputBegins, &channel)
        }
        if !errorIsOver {
            let type: PayloadType = prefixes == nil ? .output : .standardError
            errorIsOver = move(.error, type, chunk, prefixes?.error ?? [], &errorBegins, &channel)
        }
        if let ending, outputIsOver, errorIsOver, !endWasTold, channel.room > 0 {
            endWasTold = true
            tell(ending, &channel)
        }
    }

    /// Nil where the streams are one.
    private var prefixes: StreamPrefixes? {
        if case .separate(let prefixes) = streams { prefixes } else { nil }
    }

    /// - Parameter begins: whether the next message begins a line, and then has the prefix.
    /// - Returns: whether the stream has ended.
    private func move(
        _ stream: LocalProcess.Stream,
        _ type: PayloadType,
        _ chunk: Int,
        _ prefix: [UInt8],
        _ begins: inout Bool,
        _ channel: inout DataChannel
    ) -> Bool {
        var isOver = false
        for _ in 0..<ProcessBackend.batch where channel.room > prefix.count {
            let count = channel.send(type, capacity: min(chunk, channel.room)) { target in
                let prefix = begins ? prefix : []
                let room = UnsafeMutableRawBufferPointer(rebasing: target[prefix.count...])
                switch process?.read(stream, into: room) {
                case .bytes(let count):
                    if specification.terminal != nil {
                        scrollback.append(UnsafeRawBufferPointer(rebasing: room[..<count]))
                    }
                    target.copyBytes(from: prefix)
                    begins = room[count - 1] == UInt8(ascii: "\n")
                    return prefix.count + count
                case .ended, nil:
                    isOver = true
                    return 0
                case .some(.none): return 0
                }
            }
            if count == 0 { break }
        }
        return isOver
    }

    private func tell(_ ending: LocalProcess.Ending, _ channel: inout DataChannel) {
        // An official client prints whatever it is told, so it is told what the official agent tells.
        guard extensions?.process == true || (prefixes != nil && specification.terminal == nil) else { return }
        let status =
            switch ending {
            case .exited(let status): status
            case .signalled(let number): 128 + number
            }
        channel.send(.exitCode, Array("EXIT_CODE: \(status)".utf8))
    }
}
