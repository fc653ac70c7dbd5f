// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One stream that a local program writes, read without waiting.
struct LocalOutput {
    /// More than any pipe or terminal can hold back by itself (`/proc/sys/fs/pipe-max-size` is 1 MiB unless root raises
    /// it): what is read beyond that after the end of the program was written by something else.
    private static let backlog = 1 << 20

    private let descriptor: Int32
    private var isOpen: Bool
    private var readAfterDeadline = 0

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        isOpen = descriptor >= 0
    }

    /// -1 after the end, which poll ignores.
    var pollDescriptor: Int32 { isOpen ? descriptor : -1 }

    /// - Parameter isOverdue: whether the time has passed in which output may still arrive.
    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer,
        isOverdue: () -> Bool
    ) -> LocalProcess.Reading {
        guard isOpen else { return .ended }
        if readAfterDeadline >= Self.backlog {
            isOpen = false
            return .ended
        }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                if isOverdue() { readAfterDeadline += count }
                return .bytes(count)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN && !isOverdue() { return .none }
            // The end of file; on a terminal's master EIO, when no process has the other side open.
            isOpen = false
            return .ended
        }
    }

    func close() { if descriptor >= 0 { Glibc.close(descriptor) } }
}
