// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// What an SSH server sends before the keys are exchanged: lines of its own choice, and then its identification (RFC 4253
/// §4.2). libssh gives up on lines of more than 255 bytes, which sshd's banners for the impatient and middleboxes have.
package enum ServerPreamble {
    package enum Failure: Error, Equatable, Sendable {
        /// It closed the connection first; the last that it said, safe for a terminal, nil if it said nothing.
        case closed(String?)
        /// Its identification has so many bytes, or more.
        case identificationTooLong(Int)
        /// It goes on and on without identifying itself.
        case endless
        case timedOut
        /// The system's words.
        case system(String)
    }

    /// RFC 4253 §4.2: "The maximum length of the string is 255 characters, including the Carriage Return and Line Feed."
    private static let identificationLimit = 255
    /// As OpenSSH has it, for one line and for all.
    private static let (lineLimit, lineCountLimit) = (8192, 1024)
    /// Milliseconds between two looks at a line that is not complete yet: it cannot be waited for without taking it.
    private static let pause: Int64 = 5

    /// Takes what comes before the identification out of a connected socket that waits, and leaves the identification in it.
    ///
    /// - Parameter timeout: milliseconds for all of it.
    package static func skip(on descriptor: Int32, timeout: Int) throws(Failure) {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        var buffer = [UInt8](repeating: 0, count: lineLimit)
        var last: String?
        for _ in 0..<lineCountLimit {
            let line = try peek(at: descriptor, &buffer, until: deadline, last)
            if line.starts(with: "SSH-".utf8) {
                guard line.count <= identificationLimit else { throw .identificationTooLong(line.count) }
                return
            }
            last = String(
                terminalSafe: line.prefix(200).filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
            )
            try take(line.count, from: descriptor)
        }
        throw .endless
    }

    /// The next line with its end, which stays in the socket.
    private static func peek(
        at descriptor: Int32,
        _ buffer: inout [UInt8],
        until deadline: Int64,
        _ last: String?
    ) throws(Failure) -> ArraySlice<UInt8> {
        var seen = 0
        while true {
            let left = deadline - SystemClock.milliseconds()
            guard left > 0 else { throw .timedOut }
            if seen > 0 { usleep(UInt32(min(left, pause)) * 1000) }
            let events = Descriptor.wait(descriptor, for: [.readable, .peerEnded], until: deadline)
            guard !events.isEmpty else { throw .timedOut }
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                if errno == ECONNRESET { throw .closed(last) }
                throw .system(SystemError.last.message)
            }
            if let end = buffer[..<count].firstIndex(of: UInt8(ascii: "\n")) { return buffer[...end] }
            if count == buffer.count {
                if buffer.starts(with: "SSH-".utf8) { throw .identificationTooLong(count) }
                throw .endless
            }
            // A line that does not become longer, though the socket is readable: nothing more comes.
            let isOver = events.contains(.peerEnded) && count <= seen
            guard count > 0, !isOver else { throw .closed(last) }
            seen = count
        }
    }

    private static func take(_ count: Int, from descriptor: Int32) throws(Failure) {
        var buffer = [UInt8](repeating: 0, count: count)
        guard recv(descriptor, &buffer, count, Int32(MSG_WAITALL)) == count else {
            throw .system(SystemError.last.message)
        }
    }
}
