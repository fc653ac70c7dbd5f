// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

extension LocalProcess {
    /// What a program did from beginning to end.
    struct Outcome {
        var output: [UInt8] = []
        var error: [UInt8] = []
        /// nil if it was given up on.
        var ending: Ending?
    }

    /// Runs a program to its end, with `input` and then the end of the input.
    ///
    /// - Parameters:
    ///   - timeout: milliseconds, after which it is hung up on.
    ///   - limit: how many bytes of each output are kept; the rest is read and dropped.
    ///   - cancellation: a descriptor that becomes readable when it is to be given up on.
    static func run(
        _ specification: Specification,
        input: [UInt8] = [],
        timeout: Int64 = 30_000,
        limit: Int = 1 << 16,
        cancellation: Int32 = -1
    ) throws(LocalProcessError) -> Outcome {
        var process = try LocalProcess(specification)
        var outcome = Outcome()
        var rest = input[...]
        var hasEnded = false
        let deadline = SystemClock.milliseconds() + timeout
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { buffer.deallocate() }
        var waits = PollSet()
        while SystemClock.milliseconds() < deadline {
            hasEnded = hasEnded || (rest.isEmpty && process.endInput())
            waits.removeAll()
            let input = waits.add(hasEnded ? nil : .writable(process.inputDescriptor))
            waits.add(.readable(process.outputDescriptor))
            waits.add(process.errorDescriptor.map { .readable($0) })
            waits.add(outcome.ending == nil ? .readable(process.exitDescriptor) : nil)
            let cancelled = waits.add(.readable(cancellation))
            waits.wake(at: deadline)
            if process.drainTimeout >= 0 { waits.wake(after: Int64(process.drainTimeout)) }
            waits.wait()
            if waits.isReady(cancelled) { break }
            if waits.isReady(input), !rest.isEmpty {
                switch rest.withUnsafeBytes({ process.write($0) }) {
                case .count(let count): rest = rest.dropFirst(count)
                case .full: break
                case .broken: rest = []
                }
            }
            outcome.ending = process.ending()
            let outputEnded = process.collect(.output, into: &outcome.output, limit, buffer)
            let errorEnded = process.collect(.error, into: &outcome.error, limit, buffer)
            if outputEnded && errorEnded && outcome.ending != nil { break }
        }
        return outcome
    }

    private mutating func collect(
        _ stream: Stream,
        into bytes: inout [UInt8],
        _ limit: Int,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> Bool {
        switch read(stream, into: buffer) {
        case .bytes(let count):
            bytes += buffer.prefix(min(count, limit - bytes.count))
            return false
        case .none: return false
        case .ended: return true
        }
    }
}
