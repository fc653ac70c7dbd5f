// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ports of this machine.
enum Loopback {
    /// A port on which nothing listens now.
    static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, size) == 0 ? getsockname(socket, pointer, &size) : -1
            }
        }
        guard number == 0 else { throw Command.Failure(description: "no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits until sshd says its banner; a container's port is open before that.
    static func awaitBanner(port: Int) throws {
        for _ in 0..<300 {
            try Interruption.check()
            if saysBanner(port) { return }
            usleep(100_000)
        }
        throw Command.Failure(description: "no sshd answers at port \(port)")
    }

    /// Waits until something takes connections there.
    static func await(port: Int) throws {
        for _ in 0..<300 {
            try Interruption.check()
            let socket = connect(to: port)
            defer { close(socket.descriptor) }
            if socket.isConnected { return }
            usleep(20_000)
        }
        throw Command.Failure(description: "nothing listens at port \(port)")
    }

    private static func saysBanner(_ port: Int) -> Bool {
        let (socket, isConnected) = connect(to: port)
        defer { close(socket) }
        var bytes = [UInt8](repeating: 0, count: 4)
        return isConnected && recv(socket, &bytes, 4, Int32(MSG_WAITALL)) == 4 && bytes.elementsEqual("SSH-".utf8)
    }

    /// The caller closes it in any case.
    private static func connect(to port: Int) -> (descriptor: Int32, isConnected: Bool) {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = address(port: port)
        let number = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return (socket, number == 0)
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
