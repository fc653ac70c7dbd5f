// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An IPv4 or IPv6 address and port that a socket can be connected to.
package struct SocketAddress: Equatable, Sendable {
    /// The kernel's form, `sockaddr` and what follows.
    private let bytes: [UInt8]
    let family: Int32

    /// - Returns: nil unless it is an IPv4 or IPv6 address.
    init?(_ address: UnsafePointer<sockaddr>) {
        family = Int32(address.pointee.sa_family)
        switch family {
        case AF_INET: bytes = Array(UnsafeRawBufferPointer(start: address, count: MemoryLayout<sockaddr_in>.size))
        case AF_INET6: bytes = Array(UnsafeRawBufferPointer(start: address, count: MemoryLayout<sockaddr_in6>.size))
        default: return nil
        }
    }

    var isIPv4: Bool { family == AF_INET }

    /// The address itself as it travels: 4 or 16 bytes.
    var host: [UInt8] { Array(isIPv4 ? bytes[4..<8] : bytes[8..<24]) }

    /// Whether it means something beyond the machine and its links.
    var isGlobal: Bool {
        let host = host
        if isIPv4 { return host[0] != 0 && host[0] != 127 && !(host[0] == 169 && host[1] == 254) }
        let isLoopback = host == [UInt8](repeating: 0, count: 15) + [1]
        return !isLoopback && !(host[0] == 0xFE && host[1] & 0xC0 == 0x80)
    }

    /// As people write it, without the port.
    package var text: String {
        var text = [CChar](repeating: 0, count: 64)
        let host = host
        guard inet_ntop(family, host, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        withUnsafeTemporaryAllocation(
            byteCount: bytes.count,
            alignment: MemoryLayout<sockaddr_storage>.alignment
        ) { copy in
            copy.copyBytes(from: bytes)
            let pointer = UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: sockaddr.self)
            return body(pointer, socklen_t(bytes.count))
        }
    }
}
