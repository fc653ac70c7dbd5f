// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Ports of this machine for the servers of tests, and for there being none at them.
///
/// A port that is only looked for would be another's now and then, between that and its use: another test's, beside this one or
/// in another run of the tests, or that of any program's connection. So each is given once in a process, is locked for as long
/// as the process lives, and is below those that the system gives to connections (ip(7), `ip_local_port_range`).
enum Ports {
    private static let range = 10_000..<32_000
    private static let given = Mutex<Set<Int>>([])

    /// A file with a byte for each port: who has one has locked it (fcntl(2), `F_SETLK`: until the process ends).
    private static let locks: Int32 = open(
        "\(NSTemporaryDirectory())latchkey-test-ports-\(geteuid())",
        O_RDWR | O_CREAT | O_CLOEXEC,
        0o600
    )

    /// - Parameter count: so many beside each other.
    /// - Returns: the first one. Nothing listens at them, whatever the address.
    static func take(_ count: Int = 1) throws -> Int {
        guard locks >= 0 else { throw HarnessError("there is no file for ports: \(String(cString: strerror(errno)))") }
        return try given.withLock { given in
            for _ in 0..<10_000 {
                let first = Int.random(in: range.lowerBound..<range.upperBound - count)
                let ports = first..<first + count
                guard given.isDisjoint(with: ports), ports.allSatisfy({ isFree($0) }), lock(ports) else { continue }
                given.formUnion(ports)
                return first
            }
            throw HarnessError("no port is free")
        }
    }

    private static func lock(_ ports: Range<Int>) -> Bool {
        var lock = flock(
            l_type: Int16(F_WRLCK),
            l_whence: Int16(SEEK_SET),
            l_start: ports.lowerBound,
            l_len: ports.count,
            l_pid: 0
        )
        return fcntl(locks, F_SETLK, &lock) == 0
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
