// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeySystem

/// One of this process's outputs, written to without ever waiting, its shared flags untouched.
struct NonBlockingOutput: ~Copyable {
    private let descriptor: Int32
    private let isOwned: Bool
    private let limit: Int
    private let isSocket: Bool

    init(_ descriptor: Int32) {
        // O_NONBLOCK belongs to the open file, which the parent shares. A pipe or terminal can be opened once more;
        // where it cannot, POLLOUT still promises PIPE_BUF bytes (pipe(7)). A regular file never makes one wait for
        // a reader, and opening it again would lose the position.
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        isSocket = kind == S_IFSOCK
        if kind == S_IFIFO || (kind == S_IFCHR && isatty(descriptor) == 1) {
            let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            if own >= 0 {
                self.descriptor = own
                isOwned = true
                limit = .max
                return
            }
        }
        self.descriptor = descriptor
        isOwned = false
        // The null device, which takes everything at once.
        let isNull = kind == S_IFCHR && status.st_rdev == NonBlockingOutput.null
        limit = kind == S_IFREG || isNull ? .max : Int(PIPE_BUF)
    }

    /// The number of /dev/null, 1:3 on every Linux (devices.txt), as `makedev` packs it.
    private static let null: dev_t = 1 << 8 | 3

    deinit { if isOwned { close(descriptor) } }

    /// What to wait for before ``write(_:)``.
    var pollDescriptor: Int32 { descriptor }

    enum Result {
        case wrote(Int)
        case full
        /// The reader has gone away.
        case broken
        case failed(Int32)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Result {
        let count: Int
        if isSocket {
            count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        } else if limit < .max {
            guard Descriptor.isReady(descriptor, for: .writable) else { return .full }
            count = Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, limit))
        } else {
            count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
        if count >= 0 { return .wrote(count) }
        switch errno {
        case EAGAIN, EINTR: return .full
        case EPIPE, ECONNRESET: return .broken
        default: return .failed(errno)
        }
    }
}
