// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Connecting to the first address of a target that answers, without waiting. The owner calls ``start()`` once, polls the
/// descriptor for writing for at most ``timeout`` milliseconds, and calls ``finish()`` until it says `.connected`.
package struct PortDial: ~Copyable {
    /// Milliseconds that each address has.
    package static let standardTimeout: Int64 = 10_000

    private let target: PortTarget
    private var next = 0
    private var descriptor: Int32 = -1
    private var deadline: Int64 = 0
    private var lastError: Int32 = ECONNREFUSED

    package enum Progress: Equatable, Sendable {
        /// To be polled for writing; another one than before if another address is tried.
        case waiting(Int32)
        /// Connected: non-blocking, close-on-exec, and from now on the caller's to close.
        case connected(Int32)
    }

    package init(_ target: PortTarget) { self.target = target }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Milliseconds until the address that is being tried is given up.
    package var timeout: Int32 { Int32(clamping: max(0, deadline - SystemClock.milliseconds())) }

    /// Begins with the first address.
    ///
    /// - Returns: the descriptor to poll for writing.
    /// - Throws: `unreachable` if all addresses refused at once, `denied` at one that must not be reached.
    package mutating func start() throws(PortTargetError) -> Int32 {
        try tryNext()
        return descriptor
    }

    /// Sees how far it has come. After `.connected`, or an error, there is nothing more to ask.
    ///
    /// - Throws: `unreachable` when no address is left, `denied` at one that must not be reached.
    package mutating func finish() throws(PortTargetError) -> Progress {
        if Descriptor.isReady(descriptor, for: .writable) {
            var number: Int32 = 0
            var size = socklen_t(MemoryLayout.size(ofValue: number))
            if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) != 0 { number = errno }
            if number == 0 {
                defer { descriptor = -1 }
                return .connected(descriptor)
            }
            note(number)
        } else if SystemClock.milliseconds() < deadline {
            return .waiting(descriptor)
        } else {
            note(ETIMEDOUT)
        }
        try tryNext()
        return .waiting(descriptor)
    }

    /// Keeps the error that tells most: that this machine has no such kind of address says nothing of the target.
    private mutating func note(_ error: Int32) {
        if ![EADDRNOTAVAIL, EAFNOSUPPORT, ENETUNREACH].contains(error) || next == 1 { lastError = error }
    }

    private mutating func tryNext() throws(PortTargetError) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        while next < target.addresses.count {
            let address = target.addresses[next]
            next += 1
            guard !target.denied.denies(address) else { throw .denied(target.name, address: address.text) }
            let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let new = socket(address.family, type, 0)
            guard new >= 0 else {
                note(errno)
                continue
            }
            // What comes is passed on as it comes.
            var on: Int32 = 1
            setsockopt(new, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout.size(ofValue: on)))
            // Interrupted, it goes on by itself (POSIX.1-2017, connect).
            if address.withPointer({ connect(new, $0, $1) }) == 0 || errno == EINPROGRESS || errno == EINTR {
                descriptor = new
                deadline = SystemClock.milliseconds() + Self.standardTimeout
                return
            }
            note(errno)
            close(new)
        }
        throw .unreachable(target.name, lastError)
    }
}
