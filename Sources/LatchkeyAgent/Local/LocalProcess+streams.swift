// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

extension LocalProcess {
    package enum Stream: Sendable {
        case output, error
    }

    /// What a read without waiting gave.
    package enum Reading: Equatable, Sendable {
        /// So many, at least one.
        case bytes(Int)
        /// Nothing now.
        case none
        /// Nothing any more.
        case ended
    }

    /// What a write without waiting took.
    package enum Writing: Equatable, Sendable {
        /// So many, perhaps fewer than were offered.
        case count(Int)
        /// None now.
        case full
        /// None any more: the reader is gone, or ``LocalProcess/endInput()`` was called.
        case broken
    }

    /// Where input goes; -1 after the end of the input, which poll ignores. With a terminal the same as
    /// ``outputDescriptor`` while both are open.
    package var inputDescriptor: Int32 { input }

    /// Where output comes from; -1 once ``read(_:into:)`` has said `.ended`.
    package var outputDescriptor: Int32 { output.pollDescriptor }

    /// Where errors come from; nil with a terminal, -1 once ``read(_:into:)`` has said `.ended`.
    package var errorDescriptor: Int32? { hasTerminal ? nil : error.pollDescriptor }

    /// Reads what is there, into a buffer that must not be empty.
    ///
    /// With a terminal there is only `.output`; `.error` has ended from the beginning.
    package mutating func read(_ stream: Stream, into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        // Asked for first: output that came after the end of the program is counted as such.
        let end = self.end?.at
        func isOverdue() -> Bool {
            guard let end, let drainTime else { return false }
            return SystemClock.milliseconds() >= end + drainTime
        }
        return switch stream {
        case .output: output.read(into: buffer, isOverdue: isOverdue)
        case .error: error.read(into: buffer, isOverdue: isOverdue)
        }
    }

    /// How many milliseconds a poll may wait before ``read(_:into:)`` must be asked again, because a stream that something
    /// else holds open then ends; -1, poll's word for ever, while the program runs, when all streams have ended, or when they
    /// are waited for.
    /// At 0 it is time to read; an owner that cannot take more output now does not ask.
    package var drainTimeout: Int32 {
        guard let end, let drainTime, output.pollDescriptor >= 0 || error.pollDescriptor >= 0 else { return -1 }
        return Int32(max(0, end.at + drainTime - SystemClock.milliseconds()))
    }

    /// Writes input.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) -> Writing {
        guard input >= 0 else { return .broken }
        guard let last = bytes.last else { return .count(0) }
        while true {
            let count = Glibc.write(input, bytes.baseAddress, bytes.count)
            if count > 0 {
                lastInput = count == bytes.count ? last : bytes[count - 1]
                return .count(count)
            }
            switch count < 0 ? errno : EAGAIN {
            case EINTR: continue
            case EAGAIN: return .full
            default: return .broken
            }
        }
    }

    /// Lets the program see the end of its input. A pipe is closed. A terminal that edits lines gets its EOF character
    /// (twice after the beginning of a line, which the first one only ends); for one that does not, the key means nothing
    /// to the kernel, and nothing is sent.
    ///
    /// - Returns: false if the terminal has no room: ask again when ``inputDescriptor`` is writable.
    @discardableResult
    package mutating func endInput() -> Bool {
        guard input >= 0 else { return true }
        guard hasTerminal else {
            close(input)
            input = -1
            return true
        }
        var settings = termios()
        guard tcgetattr(input, &settings) == 0, settings.c_lflag & tcflag_t(ICANON) != 0 else { return true }
        let end = withUnsafeBytes(of: settings.c_cc) { $0[Int(VEOF)] }
        // _POSIX_VDISABLE: the terminal has no such character.
        guard end != 0 else { return true }
        let isAtStart = lastInput.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") || $0 == end } ?? true
        let characters = [UInt8](repeating: end, count: isAtStart ? 1 : 2)
        return switch characters.withUnsafeBytes({ write($0) }) {
        case .count(let count): count == characters.count
        case .full: false
        case .broken: true
        }
    }

    /// Tells the size that the terminal has now; nothing happens where there is none.
    package func resize(columns: Int, rows: Int) {
        guard hasTerminal else { return }
        let size = LocalTerminalSize(columns: columns, rows: rows).short
        _ = lk_terminal_resize(input, size.columns, size.rows)
    }
}
