// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

struct PortTargetTests {
    /// Each as people may write it, however the resolver reads it.
    static let denied = [
        // IPv4's link-local addresses: metadata, containers' credentials, DNS, time.
        "169.254.169.254", "169.254.0.1", "169.254.169.253", "169.254.170.2", "169.254.170.23", "169.254.255.255",
        "2852039166", "0xa9fea9fe", "169.16689662", "0251.0376.0251.0376", "0xa9.254.0251.254",
        // IPv6's, with and without a zone.
        "fe80::1", "fe80::a9fe:a9fe", "febf:ffff::1", "fe80::1%lo", "fe80::a9fe:a9fe%1", "FE80:0:0::1%lo",
        // What else clouds have.
        "fd00:ec2::254", "fd00:ec2::253", "fd00:ec2::23", "FD00:0EC2:0:0::FE", "168.63.129.16", "fd20:ce::254",
        "100.100.100.200", "fd00:100::100:200", "192.0.0.192", "fd00:c1::a9fe:a9fe", "fd00:42::42",
        "fd00:a9fe:a9fe::1",
        // IPv4 within IPv6: mapped, translated, compatible, by a translator, 6to4, Teredo's server and client, ISATAP.
        "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "0:0:0:0:0:FFFF:A9FE:0001", "::ffff:168.63.129.16",
        "::ffff:0:169.254.169.254", "::ffff:0:a9fe:aa02", "::ffff:0:100.100.100.200",
        "::169.254.169.254", "::a9fe:a9fe", "::192.0.0.192",
        "64:ff9b::a9fe:a9fe", "64:ff9b::169.254.170.2", "64:ff9b::168.63.129.16",
        "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:7:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::1", "2002:a83f:8110::", "2001:0:a9fe:a9fe::1", "2001::5601:5601",
        "2001:0:c000:201:0:0:5601:55fd", "2001:db8::5efe:169.254.169.254", "2001:db8::200:5efe:a9fe:a9fe",
    ]

    @Test(arguments: denied) func `what clouds have for their machines is not reached, however it is written`(
        host: String
    ) throws {
        #expect {
            try PortTarget.resolve(host: host, port: 80)
        } throws: { error in
            guard case PortTargetError.denied(host, _) = error else { return false }
            return true
        }
        // It is the address that the system is given that counts, wherever it comes from.
        let found = try PortTarget.resolve(host: host, port: 80, denying: .none).addresses
        #expect(!found.isEmpty && found.allSatisfy { DenyList.standard.denies($0) })
        var dial = PortDial(PortTarget(name: "test", addresses: found, denied: .standard))
        do throws(PortTargetError) {
            _ = try dial.start()
            Issue.record("\(host) is dialled")
        } catch {
            #expect(error == .denied("test", address: found[0].text))
        }
    }

    @Test func `an address that turns up among others is not dialled when its turn comes`() throws {
        let refused = try TestRelay.freePort()
        let addresses = try ["127.0.0.1", "::ffff:0:169.254.169.254", "127.0.0.1"]
            .flatMap {
                try PortTarget.resolve(host: $0, port: refused, denying: .none).addresses
            }
        let target = PortTarget(name: "test", addresses: addresses, denied: .standard)
        #expect(throws: PortTargetError.denied("test", address: "::ffff:0:a9fe:a9fe")) { _ = try dial(target) }
    }

    @Test(
        arguments: [
            "127.0.0.1", "localhost", "::1", "::", "0.0.0.0", "10.1.2.3", "169.253.255.255", "169.255.0.0",
            "fd00:ec1::254",
            "168.63.129.15", "100.100.100.201", "192.0.0.191", "fd20:ce::255", "fec0::1", "fe7f::1", "::ffff:10.1.2.3",
            "::ffff:0:10.1.2.3", "64:ff9b::a01:203", "64:ff9b:1::a01:203", "2002:a01:203::1", "2001:db8::a9fe:a9fe",
            "2001:0:a01:203::f5fe:fdfc", "2001:4860:4860::8888", "2001:db8:5efe::1",
        ]
    )
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
    }

    @Test func `the first address that answers is taken`() throws {
        let server = try Listener()
        // Nobody listens at the first one.
        let refused = try TestRelay.freePort()
        let target = PortTarget(
            name: "test",
            addresses: try PortTarget.resolve(host: "127.0.0.1", port: refused).addresses
                + PortTarget.resolve(host: "127.0.0.1", port: server.port).addresses,
            denied: .standard
        )
        let connection = try dial(target)
        defer { close(connection) }
        #expect(server.greet() && read(connection) == "hello")
        #expect(fcntl(connection, F_GETFL) & O_NONBLOCK != 0 && fcntl(connection, F_GETFD) & FD_CLOEXEC != 0)
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
        poll(&wait, 1, Int32(Execution.timeout) * 1000)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(connection, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// A server that says one word, or whatever a test has it do.
final class Listener {
    private let descriptor: Int32
    private(set) var port = 0

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        local.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let address = withUnsafePointer(to: &local) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
        }
        guard let address, address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
            throw HarnessError("cannot listen: \(String(cString: strerror(errno)))")
        }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &local) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
        }
        port = Int(UInt16(bigEndian: local.sin_port))
    }

    deinit { close(descriptor) }

    /// The next connection, which is the caller's to close; -1 if none comes within ten seconds.
    func take() -> Int32 {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 10_000) == 1 ? accept(descriptor, nil, nil) : -1
    }

    func greet() -> Bool {
        let connection = take()
        defer { close(connection) }
        return write(connection, "hello", 5) == 5
    }
}
