// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reading and writing descriptors that this process shares with others, so that their flags may not be changed.
package enum Descriptor {
    /// Writes all bytes, waiting as long as it takes.
    ///
    /// - Returns: 0, or the error number that stopped it.
    package static func writeAll(_ descriptor: Int32, _ bytes: some Collection<UInt8>) -> Int32 {
        Array(bytes).withUnsafeBytes { writeAll(descriptor, $0) }
    }

    /// As ``writeAll(_:_:)-(_,Collection)``, without a copy of what must not be copied.
    package static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
