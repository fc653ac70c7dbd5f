// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// What was read from standard input and is on its way to the instance.
struct InputBuffer: ~Copyable {
    private static let capacity = 64 * 1024

    var isOpen = true
    private var hasSentEnd = false
    private var bytes: [UInt8] = []
    private var sent = 0

    var isEmpty: Bool { sent == bytes.count }
    var wantsMore: Bool { isOpen && isEmpty }

    mutating func append(_ more: [UInt8]) {
        if isEmpty {
            bytes = more
            sent = 0
        } else {
            bytes += more
        }
    }

    /// What standard input has now; nil at its end or when it has nothing after all.
    mutating func read() throws -> [UInt8]? {
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: InputBuffer.capacity) { buffer, count in
            let result = Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            if result < 0 { failure = errno }
            count = max(0, result)
        }
        switch failure {
        case 0:
            if !chunk.isEmpty { return chunk }
        case EAGAIN, EINTR:
            return nil
        case EBADF, EIO:
            // Never opened, or a terminal that has hung up: as good as the end.
            break
        default:
            throw LatchkeyError(
                .fileUnusable,
                "cannot read the input: \(SystemError(failure).message)"
            )
        }
        isOpen = false
        return nil
    }

    mutating func move<Process: RemoteProcess & ~Copyable>(into process: inout Process) throws {
        while !isEmpty {
            let room = process.inputRoom
            guard room > 0 else { return }
            let end = min(bytes.count, sent + room)
            let count = try bytes[sent..<end].withUnsafeBytes { try process.write($0) }
            guard count > 0 else { return }
            sent += count
        }
        if !isOpen && !hasSentEnd {
            hasSentEnd = true
            try process.endInput()
        }
    }
}
