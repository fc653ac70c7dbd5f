// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// TCP sockets of this machine's own address.
enum Loopback {
    /// A socket that is bound to a free port of 127.0.0.1.
    static func bind() throws -> (descriptor: Int32, port: Int) {
        let descriptor = makeSocket()
        var (bound, size) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
        let isBound =
            with(port: 0) { Glibc.bind(descriptor, $0, $1) == 0 }
            && withUnsafeMutablePointer(to: &bound) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
            }
        guard isBound else {
            close(descriptor)
            throw HarnessError("no port is free")
        }
        return (descriptor, Int(UInt16(bigEndian: bound.sin_port)))
    }

    /// - Returns: nil if nobody listens there.
    static func dial(_ port: Int) -> Int32? {
        let descriptor = makeSocket()
        if with(port: port, { connect(descriptor, $0, $1) == 0 }) { return descriptor }
        close(descriptor)
        return nil
    }

    /// Ends a connection, although a program that was just started may hold on to the descriptor.
    static func end(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Lets small pieces go out at once.
    static func setNoDelay(_ descriptor: Int32) {
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    /// - Returns: nil at the end.
    static func receive(_ descriptor: Int32) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// - Returns: false if the other side has gone.
    static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...]
                .withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func makeSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func with<Value>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
