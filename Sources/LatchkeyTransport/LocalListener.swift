// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
package import LatchkeySystem

/// A place on this machine where connections are taken: a port that this machine alone reaches, or a socket in the file system
/// that its owner alone does.
package struct LocalListener: ~Copyable {
    /// Where it is.
    package enum Place: Equatable, Sendable {
        case port(UInt16)
        case socket(String)
    }

    package let place: Place
    private var descriptors: [Int32] = []
    /// Before that nothing more is taken, on ``SystemClock``: this process or the system has no descriptor left.
    private var restsUntil: Int64 = 0
    /// Milliseconds for that.
    private static let rest: Int64 = 100

    /// Listens at 127.0.0.1, and at ::1 where there is such an address.
    ///
    /// - Parameter port: 0 for one that is free.
    /// - Throws: `fileUnusable` if it is taken or not for this user.
    package init(port: UInt16) throws(LatchkeyError) {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        four.sin_addr = in_addr(s_addr: UInt32(INADDR_LOOPBACK).bigEndian)
        let first = withUnsafeBytes(of: &four) { LocalListener.listen(AF_INET, $0) }
        guard first >= 0 else { throw LocalListener.failure("port \(port)", first) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutableBytes(of: &four) {
            getsockname(first, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
        }
        let chosen = UInt16(bigEndian: four.sin_port)
        place = .port(chosen)
        descriptors = [first]
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = chosen.bigEndian
        six.sin6_addr = in6addr_loopback
        let second = withUnsafeBytes(of: &six) { LocalListener.listen(AF_INET6, $0) }
        if second >= 0 { descriptors.append(second) }
    }

    /// Listens at a socket that is made for it, and removed with this.
    ///
    /// - Throws: `fileUnusable` if there is something of that name, or it cannot be made.
    package init(path: String) throws(LatchkeyError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard !bytes.isEmpty, bytes.count <= room, !bytes.contains(0) else {
            throw LatchkeyError(
                .fileUnusable,
                "'\(path.terminalSafe)' is not a name for a socket",
                hint: "it has at most \(room) bytes"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // Others of this machine have no business with it.
        let mask = umask(0o177)
        let descriptor = withUnsafeBytes(of: &address) { LocalListener.listen(AF_UNIX, $0) }
        umask(mask)
        guard descriptor >= 0 else { throw LocalListener.failure("'\(path.terminalSafe)'", descriptor) }
        place = .socket(path)
        descriptors = [descriptor]
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
        if case .socket(let path) = place { unlink(path) }
    }

    /// - Returns: a descriptor, or an error's number below zero.
    private static func listen(_ family: Int32, _ address: UnsafeRawBufferPointer) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return -errno }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout.size(ofValue: on))
        // What was there before may still have connections that are ending.
        if family != AF_UNIX { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) }
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) }
        let pointer = address.baseAddress?.assumingMemoryBound(to: sockaddr.self)
        guard bind(descriptor, pointer, socklen_t(address.count)) == 0, Glibc.listen(descriptor, 128) == 0 else {
            let number = errno
            close(descriptor)
            return -number
        }
        return descriptor
    }

    private static func failure(_ what: String, _ result: Int32) -> LatchkeyError {
        let hint: String? =
            switch -result {
            case EADDRINUSE: "something else is there: choose another one"
            case EACCES: "it is not for this user: choose another one"
            default: nil
            }
        return LatchkeyError(
            .fileUnusable,
            "cannot listen at \(what): \(SystemError(-result).message)",
            hint: hint
        )
    }

    private var isResting: Bool { SystemClock.milliseconds() < restsUntil }

    /// Adds what there is to wait for before ``accept()``.
    package func add(to waits: inout PollSet) {
        if isResting { return waits.wake(at: restsUntil) }
        for descriptor in descriptors { waits.add(.readable(descriptor)) }
    }

    /// A connection that has come; nil if there is none.
    ///
    /// - Returns: non-blocking, and the caller's to close.
    package mutating func accept() -> Int32? {
        guard !isResting else { return nil }
        for descriptor in descriptors {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                _ = fcntl(connection, F_SETFL, O_NONBLOCK)
                // What comes is passed on as it comes; a socket in the file system knows nothing of that, and needs nothing.
                var on: Int32 = 1
                let size = socklen_t(MemoryLayout.size(ofValue: on))
                setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
                return connection
            }
            // Asked again at once it would say the same.
            if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
                restsUntil = SystemClock.milliseconds() + LocalListener.rest
            }
        }
        return nil
    }
}
