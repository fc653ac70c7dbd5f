// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// What has come from the instance and is on its way to one of this process's outputs.
struct OutputLane: ~Copyable {
    private static let capacity = 256 * 1024
    /// So many buffers in a row before the other lanes get their turn.
    private static let batch = 16

    private let stream: RemoteStream
    private let target: NonBlockingOutput
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: OutputLane.capacity, alignment: 16)
    private var pending = 0..<0
    /// Written by this side, not by the instance: goes first.
    private var notes: [UInt8] = []
    private(set) var isEnded = false
    /// What a terminal is told, where it goes to one.
    private var modes: TerminalModes?
    /// Its turn was over before the process had no more.
    private(set) var mayHaveMore = false

    /// - Parameter isTerminal: whether its target is a terminal that has to be left as it was found.
    init(_ stream: RemoteStream, _ descriptor: Int32, isTerminal: Bool = false) {
        self.stream = stream
        modes = isTerminal ? TerminalModes() : nil
        target = NonBlockingOutput(descriptor)
    }

    deinit { buffer.deallocate() }

    var isEmpty: Bool { pending.isEmpty && notes.isEmpty }
    var isDrained: Bool { isEnded && isEmpty }
    var pollDescriptor: Int32 { target.pollDescriptor }

    mutating func append(_ note: [UInt8]) { notes += note }

    /// Sets back what the process has changed about the terminal and left so. One that takes nothing now is left alone.
    func setBackModes() {
        guard let resets = modes?.resets, !resets.isEmpty else { return }
        _ = resets.withUnsafeBytes { target.write($0) }
    }

    /// Moves what can be moved without waiting. Returns an outcome when this output has no reader any more.
    mutating func move<Process: RemoteProcess & ~Copyable>(from process: inout Process) throws -> Bridge.Outcome? {
        mayHaveMore = false
        for _ in 0..<OutputLane.batch {
            if isEmpty {
                guard !isEnded else { return nil }
                guard let count = try process.read(stream, into: buffer) else {
                    isEnded = true
                    return nil
                }
                guard count > 0 else { return nil }
                pending = 0..<count
            }
            let result =
                notes.isEmpty
                ? target.write(UnsafeRawBufferPointer(rebasing: buffer[pending]))
                : notes.withUnsafeBytes { target.write($0) }
            switch result {
            case .wrote(let count):
                if notes.isEmpty {
                    let written = pending.lowerBound..<pending.lowerBound + count
                    modes?.note(UnsafeRawBufferPointer(rebasing: buffer[written]))
                    pending = written.upperBound..<pending.upperBound
                } else {
                    notes.removeFirst(count)
                }
            case .full: return nil
            case .broken: return .signalled(SIGPIPE)
            case .failed(ENOSPC):
                throw LatchkeyError(.storageFull, "the disk that takes the output is full")
            case .failed(let number):
                throw LatchkeyError(
                    .fileUnusable,
                    "cannot write the output: \(SystemError(number).message)"
                )
            }
        }
        mayHaveMore = isEmpty
        return nil
    }
}
