// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

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

        /// Gives the descriptor away; the caller closes it.
        package consuming func release() -> Int32 {
            let descriptor = descriptor
            discard self
            return descriptor
        }
    }

    /// How long one address has before the next one is tried beside it (RFC 8305 §8, "Connection Attempt Delay": 250 ms).
    private static let headStart: Int64 = 250
    /// How long the addresses of later hosts wait for those of an earlier one (RFC 8305 §8, "Resolution Delay": 50 ms).
    private static let resolutionDelay: Int64 = 50

    /// The first of the hosts' addresses that answers; all are tried, each a little later than the one before it. Names are
    /// looked up meanwhile, all at once: one that takes its time holds up no other.
    ///
    /// - Parameter timeout: milliseconds for the whole, looking up names included.
    /// - Throws: `unknownHost`, `unreachable`, `timedOut`.
    package static func dial(hosts: [String], port: Int, timeout: Int) throws(DialFailure) -> Connected {
        try dial(hosts: hosts, port: port, timeout: timeout, lookup: Resolver.system)
    }

    static func dial(
        hosts: [String],
        port: Int,
        timeout: Int,
        lookup: @escaping Resolver.Lookup
    ) throws(DialFailure) -> Connected {
        let start = SystemClock.milliseconds()
        let deadline = start + Int64(timeout)
        let resolver = Resolver(hosts, port: port, lookup)
        /// By host, in the order in which they are tried; nil for one that is being looked up.
        var waiting = [[Resolver.Target]?](repeating: nil, count: hosts.count)
        var attempts: [(descriptor: Int32, target: Resolver.Target)] = []
        defer { for attempt in attempts { close(attempt.descriptor) } }
        var nextStart = start
        var (lookupFailure, failure): (DialFailure?, DialFailure?)

        while true {
            for (index, answer) in resolver.take() {
                switch answer {
                case .success(let targets): waiting[index] = targets
                case .failure(let error):
                    waiting[index] = []
                    lookupFailure = error
                }
            }
            let now = SystemClock.milliseconds()
            let isPatient = now < start + resolutionDelay
            let index = waiting.firstIndex { $0 == nil ? isPatient : $0?.isEmpty == false }
            if let index, let target = waiting[index]?.first, now >= nextStart || attempts.isEmpty {
                waiting[index]?.removeFirst()
                switch begin(target) {
                case .success(let descriptor): attempts.append((descriptor, target))
                case .failure(let error): failure = error
                }
                nextStart = now + headStart
                continue
            }
            let isLookingUp = waiting.contains { $0 == nil }
            if attempts.isEmpty && !isLookingUp {
                throw failure ?? lookupFailure ?? .unreachable("there is no address")
            }
            guard now < deadline else { throw .timedOut }

            var waits = PollSet()
            let places = attempts.map { waits.add(.writable($0.descriptor)) }
            waits.add(isLookingUp ? .readable(resolver.descriptor) : nil)
            waits.wake(at: deadline)
            if waiting.contains(where: { $0?.isEmpty == false }) {
                waits.wake(at: max(nextStart, isPatient ? start + resolutionDelay : nextStart))
            }
            // Without a descriptor nothing wakes it.
            if isLookingUp, resolver.descriptor < 0 { waits.wake(after: resolutionDelay) }
            waits.wait()
            for index in attempts.indices.reversed() where waits.isReady(places[index]) {
                let attempt = attempts.remove(at: index)
                let number = socketError(attempt.descriptor)
                if number == 0 {
                    configure(attempt.descriptor)
                    return Connected(socket: Socket(owning: attempt.descriptor), address: attempt.target.text)
                }
                close(attempt.descriptor)
                failure = .unreachable(SystemError(number).message)
                nextStart = now
            }
        }
    }

    private static func begin(_ target: Resolver.Target) -> Result<Int32, DialFailure> {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.family, type, 0)
        guard descriptor >= 0 else { return .failure(.system(SystemError.last.message)) }
        var storage = target.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, target.length)
            }
        }
        if result == 0 || errno == EINPROGRESS { return .success(descriptor) }
        let number = errno
        close(descriptor)
        return .failure(.unreachable(SystemError(number).message))
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
}
