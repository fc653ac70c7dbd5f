// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// Opens TCP connections by itself, since libssh's own way tries addresses one after the other for their full time.
package enum Dialer {
    /// A connected socket and the address that answered.
    package struct Connected: ~Copyable {
        package let socket: Socket
        /// The numeric address, safe for a terminal.
        package let address: String

        package consuming func takeSocket() -> Socket { socket }
    }

    /// A socket that is closed with its owner.
    package struct Socket: ~Copyable {
        package let descriptor: Int32
        package init(owning descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }

        /// Gives the descriptor away; whoever takes it closes it.
        package consuming func release() -> Int32 {
            let descriptor = descriptor
            discard self
            return descriptor
        }
    }

    /// How long one address has before the next one is tried beside it (RFC 8305 §8, "Connection Attempt Delay": 250 ms).
    private static let headStart: Int64 = 250

    /// The first of the hosts' addresses that answers; all are tried, each a little later than the one before it.
    ///
    /// - Parameter timeout: milliseconds for the whole.
    /// - Throws: `unknownHost`, `unreachable`, `timedOut`.
    package static func dial(hosts: [String], port: Int, timeout: Int) throws(DialFailure) -> Connected {
        var targets: [Target] = []
        var failure = DialFailure.unreachable("there is no address")
        for host in hosts {
            switch resolve(host, port: port) {
            case .success(let found): targets += found
            case .failure(let error): failure = error
            }
        }
        var attempts: [(descriptor: Int32, target: Target)] = []
        defer { for attempt in attempts { close(attempt.descriptor) } }
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        var nextStart = SystemClock.milliseconds()
        var waiting = targets[...]

        while true {
            let now = SystemClock.milliseconds()
            if let target = waiting.first, now >= nextStart || attempts.isEmpty {
                waiting = waiting.dropFirst()
                switch start(target) {
                case .success(let descriptor): attempts.append((descriptor, target))
                case .failure(let error): failure = error
                }
                nextStart = now + headStart
                continue
            }
            if attempts.isEmpty { throw failure }
            guard now < deadline else { throw .timedOut }

            let until = waiting.isEmpty ? deadline : min(deadline, nextStart)
            var waits = attempts.map { pollfd(fd: $0.descriptor, events: Int16(POLLOUT), revents: 0) }
            _ = unsafe poll(&waits, nfds_t(waits.count), Int32(clamping: until - now))
            for index in waits.indices.reversed() where waits[index].revents != 0 {
                let attempt = attempts.remove(at: index)
                let number = socketError(attempt.descriptor)
                if number == 0 {
                    configure(attempt.descriptor)
                    return Connected(socket: Socket(owning: attempt.descriptor), address: attempt.target.text)
                }
                close(attempt.descriptor)
                failure = .unreachable(describe(number))
                nextStart = now
            }
        }
    }

    private struct Target {
        let storage: sockaddr_storage
        let length: socklen_t
        let family: Int32
        let text: String
    }

    /// EAI_ADDRFAMILY of <netdb.h>, which is hidden behind _GNU_SOURCE.
    private static let addressFamilyMissing: Int32 = -9

    private static func resolve(_ host: String, port: Int) -> Result<[Target], DialFailure> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        var code = unsafe getaddrinfo(host, String(port), &hints, &list)
        if code == EAI_NONAME || code == EAI_FAMILY || code == addressFamilyMissing {
            // AI_ADDRCONFIG does not count loopback, so that ::1 has no address on a machine with IPv4 only.
            unsafe hints.ai_flags = AI_NUMERICSERV
            code = unsafe getaddrinfo(host, String(port), &hints, &list)
        }
        guard code == 0 else {
            return .failure(
                code == EAI_NONAME || code == EAI_AGAIN
                    ? .unknownHost(host) : .unreachable(unsafe String(cString: gai_strerror(code)))
            )
        }
        defer { unsafe freeaddrinfo(list) }
        var targets: [Target] = []
        var entry = unsafe list
        while let info = unsafe entry?.pointee {
            unsafe entry = unsafe info.ai_next
            guard let address = unsafe info.ai_addr else { continue }
            var storage = sockaddr_storage()
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
            }
            let text = unsafe numeric(address, info.ai_addrlen)
            targets.append(
                unsafe Target(storage: storage, length: info.ai_addrlen, family: info.ai_family, text: text)
            )
        }
        return .success(targets)
    }

    private static func start(_ target: Target) -> Result<Int32, DialFailure> {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.family, type, 0)
        guard descriptor >= 0 else { return .failure(.system(describe(errno))) }
        var storage = target.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, target.length)
            }
        }
        if result == 0 || errno == EINPROGRESS { return .success(descriptor) }
        let number = errno
        close(descriptor)
        return .failure(.unreachable(describe(number)))
    }

    /// libssh wants a socket that waits; what must not wait for ever is bounded here by the system.
    private static func configure(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        // Milliseconds that sent data may stay unacknowledged (tcp(7)).
        set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 60_000)
    }

    /// Acknowledges what has arrived now instead of a little later (tcp(7), TCP_QUICKACK; it does not last).
    package static func acknowledgeAtOnce(_ descriptor: Int32) {
        set(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, 1)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func socketError(_ descriptor: Int32) -> Int32 {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length) == 0 else { return errno }
        return number
    }

    private static func numeric(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        let text = unsafe [CChar](unsafeUninitializedCapacity: Int(NI_MAXHOST)) { buffer, count in
            let code = unsafe getnameinfo(
                address,
                length,
                buffer.baseAddress,
                socklen_t(buffer.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            count = code == 0 ? unsafe strlen(buffer.baseAddress.unsafelyUnwrapped) : 0
        }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func describe(_ number: Int32) -> String {
        unsafe String(cString: strerror(number)).lowercased()
    }
}
