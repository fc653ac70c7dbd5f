// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

struct PortTargetTests {
    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "169.254.169.253", "169.254.170.2", "fd00:ec2::254", "fd00:ec2::253",
        "FD00:0EC2:0:0::FE", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "::169.254.169.254",
        "2002:a9fe:a9fe::1", "2852039166", "0xa9fea9fe", "169.16689662", "0251.0376.0251.0376", "0xa9.254.0251.254",
    ]) func `the metadata service is not reached, however it is written`(host: String) {
        #expect {
            try PortTarget.resolve(host: host, port: 80)
        } throws: { error in
            guard case PortTargetError.denied(host, _) = error else { return false }
            return true
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "::1", "10.1.2.3", "169.253.255.255", "169.255.0.0", "fd00:ec1::254"])
    func `others are`(host: String) throws {
        #expect(try !PortTarget.resolve(host: host, port: 80).addresses.isEmpty)
    }

    @Test func `a list is made of addresses and ranges`() throws {
        let list = try DenyList(["10.0.0.0/9", "192.0.2.1", "2001:db8::/33", "::ffff:198.51.100.0/120", "127.0.0.0/8"])
        func denies(_ host: String) throws -> Bool {
            let target = try PortTarget.resolve(host: host, port: 1, denying: .none)
            return target.addresses.contains { list.denies($0) }
        }
        for host in [
            "10.0.0.0", "10.127.255.255", "192.0.2.1", "2001:db8:7fff::1", "198.51.100.9", "127.0.0.1", "0.0.0.0", "::",
            "::ffff:0.0.0.0",
        ] { #expect(try denies(host), "\(host)") }
        for host in ["10.128.0.0", "192.0.2.2", "2001:db8:8000::1", "198.51.101.0", "::1"] {
            #expect(try !denies(host), "\(host)")
        }
        #expect(try DenyList(["0.0.0.0/0"]) != DenyList(["::/0"]))
        for text in [
            "", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "x", "1.2.3.4/-1", "1.2.3.4/+1", "1.2.3.4/8/8",
        ] {
            #expect(throws: PortTargetError.rangeInvalid(text)) { try DenyList([text]) }
        }
    }

    @Test func `what cannot be a target is refused`() {
        #expect(throws: PortTargetError.portInvalid(0)) { try PortTarget.resolve(host: "::1", port: 0) }
        #expect(throws: PortTargetError.portInvalid(65536)) { try PortTarget.resolve(host: "::1", port: 65536) }
        for host in ["", "a b", "-x", "a/b", "[::1]"] {
            #expect(throws: PortTargetError.hostInvalid(host)) { try PortTarget.resolve(host: host, port: 1) }
        }
        #expect(throws: PortTargetError.self) { try PortTarget.resolve(host: "no-such-host.invalid", port: 1) }
        for path in ["", "x", "/" + String(repeating: "x", count: 107), "/a\0b"] {
            #expect(throws: PortTargetError.pathInvalid(path)) { try PortTarget.socket(path: path) }
        }
    }

    @Test func `the first address that answers is taken`() throws {
        let server = try Listener(family: AF_INET)
        // Nobody listens at the first one.
        let refused = try TestRelay.freePort()
        let target = PortTarget(
            name: "test",
            addresses: try PortTarget.resolve(host: "127.0.0.1", port: refused).addresses
                + PortTarget.resolve(host: "127.0.0.1", port: server.port).addresses
        )
        let connection = try dial(target)
        defer { close(connection) }
        #expect(server.greet() && read(connection) == "hello")
        #expect(fcntl(connection, F_GETFL) & O_NONBLOCK != 0 && fcntl(connection, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func `a socket in the file system is reached`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/s"
            let server = try Listener(family: AF_UNIX, path: path)
            let connection = try dial(try PortTarget.socket(path: path))
            defer { close(connection) }
            #expect(server.greet() && read(connection) == "hello")
            #expect(throws: PortTargetError.unreachable("\(path)x", ENOENT)) {
                _ = try dial(try PortTarget.socket(path: "\(path)x"))
            }
        }
    }

    @Test func `nobody there is an error with the target's name`() throws {
        let port = try TestRelay.freePort()
        #expect(throws: PortTargetError.unreachable("127.0.0.1:\(port)", ECONNREFUSED)) {
            _ = try dial(try PortTarget.resolve(host: "127.0.0.1", port: port))
        }
    }

    private func dial(_ target: PortTarget) throws -> Int32 {
        var dial = PortDial(target)
        var descriptor = try dial.start()
        while true {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wait, 1, dial.timeout)
            switch try dial.finish() {
            case .waiting(let next): descriptor = next
            case .connected(let connection): return connection
            }
        }
    }

    private func read(_ connection: Int32) -> String {
        var wait = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        poll(&wait, 1, Int32(Execution.patience) * 1000)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(connection, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// A server that says one word.
private final class Listener {
    private let descriptor: Int32
    private(set) var port = 0

    init(family: Int32, path: String = "") throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        local.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let address =
            family == AF_UNIX
            ? SocketAddress(path: path)
            : withUnsafePointer(to: &local) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
            }
        guard let address, address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
            throw HarnessError("cannot listen: \(String(cString: strerror(errno)))")
        }
        if family == AF_INET {
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &local) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
            }
            port = Int(UInt16(bigEndian: local.sin_port))
        }
    }

    deinit { close(descriptor) }

    func greet() -> Bool {
        let connection = accept(descriptor, nil, nil)
        defer { close(connection) }
        return write(connection, "hello", 5) == 5
    }
}
