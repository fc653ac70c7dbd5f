// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Looks up the addresses of several hosts at once. The system's resolver waits for its servers as long as it likes, and
/// nothing stops it: so it does that in threads of its own, and what they find after their owner has gone is dropped.
final class Resolver: Sendable {
    /// An address to connect to.
    struct Target: Sendable {
        let storage: sockaddr_storage
        let length: socklen_t
        let family: Int32
        /// Numeric, safe for a terminal.
        let text: String
    }

    typealias Answer = Result<[Target], DialFailure>
    /// Finds the addresses of a host, with the port in them.
    typealias Lookup = @Sendable (_ host: String, _ port: Int) -> Answer

    /// So many names are looked up at once; an instance has one or two.
    private static let threadLimit = 8

    private struct State {
        /// Names whose lookup has not begun, with their places.
        var open: [(index: Int, host: String)] = []
        /// What was found and not taken yet.
        var found: [(index: Int, answer: Answer)] = []
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()

    /// Begins. Addresses need no looking up and are there at once.
    init(_ hosts: [String], port: Int, _ lookup: @escaping Lookup) {
        var begun = State()
        for (index, host) in hosts.enumerated() {
            switch Resolver.ask(host, port, AI_NUMERICHOST) {
            case .success(let targets): begun.found.append((index, .success(targets)))
            case .failure: begun.open.append((index, host))
            }
        }
        let names = begun.open
        state.withLock { $0 = begun }
        guard !names.isEmpty else { return }
        let threads = Threads(min(names.count, Resolver.threadLimit)) { [weak self] in
            while let next = self?.next() {
                let answer = lookup(next.host, port)
                self?.finish(next.index, answer)
            }
        }
        guard let threads else {
            state.withLock { state in
                state.found += names.map { ($0.index, .failure(.system("no thread is left to look up names"))) }
            }
            return
        }
        threads.detach()
    }

    /// Readable when there is something to take; -1 if the system had no descriptor for it.
    var descriptor: Int32 { signal.descriptor }

    /// What was found since the last time, by the hosts' places.
    func take() -> [(index: Int, answer: Answer)] {
        signal.clear()
        return state.withLock { state in
            defer { state.found = [] }
            return state.found
        }
    }

    private func next() -> (index: Int, host: String)? {
        state.withLock { $0.open.isEmpty ? nil : $0.open.removeFirst() }
    }

    private func finish(_ index: Int, _ answer: Answer) {
        state.withLock { $0.found.append((index, answer)) }
        signal.raise()
    }

    // MARK: The system's

    /// Why getaddrinfo found nothing (EAI_…).
    private struct Fault: Error {
        let number: Int32

        func failure(_ host: String) -> DialFailure {
            number == EAI_NONAME || number == EAI_AGAIN
                ? .unknownHost(host) : .unreachable(String(cString: gai_strerror(number)))
        }
    }

    /// EAI_ADDRFAMILY of <netdb.h>, which is hidden behind _GNU_SOURCE.
    private static let addressFamilyMissing: Int32 = -9

    /// The system's resolver. It may wait for minutes.
    static let system: Lookup = { host, port in
        var result = ask(host, port, AI_ADDRCONFIG)
        if case .failure(let fault) = result, [EAI_NONAME, EAI_FAMILY, addressFamilyMissing].contains(fault.number) {
            // AI_ADDRCONFIG does not count loopback, so that ::1 has no address on a machine with IPv4 only.
            result = ask(host, port, 0)
        }
        return result.mapError { $0.failure(host) }
    }

    private static func ask(_ host: String, _ port: Int, _ flags: Int32) -> Result<[Target], Fault> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return .failure(Fault(number: code)) }
        defer { freeaddrinfo(list) }
        var targets: [Target] = []
        var entry = list
        while let info = entry?.pointee {
            entry = info.ai_next
            guard let address = info.ai_addr else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { target in
                target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
            }
            targets.append(
                Target(
                    storage: storage,
                    length: info.ai_addrlen,
                    family: info.ai_family,
                    text: numeric(address, info.ai_addrlen)
                )
            )
        }
        return .success(targets)
    }

    private static func numeric(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        let text = [CChar](unsafeUninitializedCapacity: Int(NI_MAXHOST)) { buffer, count in
            let size = socklen_t(buffer.count)
            let code = getnameinfo(address, length, buffer.baseAddress, size, nil, 0, NI_NUMERICHOST)
            count = code == 0 ? strlen(buffer.baseAddress.unsafelyUnwrapped) : 0
        }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
