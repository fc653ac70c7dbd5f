// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// What a command on an instance printed, and how it ended.
package struct CapturedRun: Equatable, Sendable {
    package let ending: RemoteEnding
    package let output: [UInt8]
    package let error: [UInt8]
}

extension RemoteProcess where Self: ~Copyable {
    /// Feeds the process its whole input and waits for its end.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that it may print, of each stream.
    ///   - timeout: seconds.
    /// - Throws: `connectionLost` if it takes longer or prints more, and what the process throws.
    package mutating func capture(input: [UInt8], limit: Int, timeout: Int) throws -> CapturedRun {
        let deadline = SystemClock.seconds() + timeout
        var rest = input[...]
        var isInputOpen = true
        var waits = PollSet()
        var streams: [RemoteStream: Captured] = [.output: Captured(), .error: Captured()]
        while true {
            try advance()
            for stream in [RemoteStream.output, .error] {
                while var captured = streams[stream], !captured.isEnded {
                    let before = captured.bytes.count
                    try captured.read(stream, of: &self)
                    streams[stream] = captured
                    guard captured.bytes.count <= limit else {
                        throw LatchkeyError(
                            .connectionLost,
                            "the instance prints more than \(limit) bytes",
                            hint: "a start-up file of the login shell may print without end"
                        )
                    }
                    if captured.bytes.count == before { break }
                }
            }
            while isInputOpen, ending == nil {
                if rest.isEmpty {
                    try endInput()
                    isInputOpen = false
                } else {
                    let count = min(rest.count, inputRoom)
                    guard count > 0 else { break }
                    let written = try rest.prefix(count).withUnsafeBytes { try write($0) }
                    rest = rest.dropFirst(written)
                }
            }
            if let ending, streams.values.allSatisfy(\.isEnded) {
                return CapturedRun(
                    ending: ending,
                    output: streams[.output]?.bytes ?? [],
                    error: streams[.error]?.bytes ?? []
                )
            }
            let left = deadline - SystemClock.seconds()
            guard left > 0 else {
                throw LatchkeyError(
                    .connectionLost,
                    "the instance did not finish within \(timeout) s",
                    hint: "a start-up file of the login shell, or a full disk, may keep it waiting"
                )
            }
            waits.removeAll()
            waits.add(interest(writes: !rest.isEmpty))
            waits.wake(after: Int64(min(left, 1)) * 1000)
            waits.wait()
        }
    }
}

private struct Captured {
    var bytes: [UInt8] = []
    var isEnded = false

    /// Takes what is there now.
    mutating func read<Process: RemoteProcess & ~Copyable>(_ stream: RemoteStream, of process: inout Process) throws {
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        guard let count = try chunk.withUnsafeMutableBytes({ try process.read(stream, into: $0) }) else {
            isEnded = true
            return
        }
        bytes += chunk[..<count]
    }
}
