// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore

/// Where connections come from, as far as they share limits: an IPv4 address, or the /64 network of an IPv6 address, all of
/// whose addresses one machine may use.
struct ConnectionSource: Hashable, Sendable {
    /// The network's bytes, in the form of an IPv6 address.
    private let high: UInt64
    private let low: UInt64

    /// - Parameter address: nil, and every address of another family, is one source.
    init(_ address: SocketAddress?) { self.init(address: address?.ipAddress ?? "") }

    /// - Parameter text: an IP address, with or without a zone.
    init(address text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        var four = [UInt8](repeating: 0, count: 4)
        let plain = String(text.prefix { $0 != "%" })
        if inet_pton(AF_INET, plain, &four) == 1 {
            // As the system writes IPv4 addresses inside IPv6 ones (RFC 4291 §2.5.5.2).
            bytes.replaceSubrange(10..<16, with: [0xFF, 0xFF] + four)
        } else {
            _ = inet_pton(AF_INET6, plain, &bytes)
        }
        let number = { (range: Range<Int>) in bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        let isIPv4 = number(0..<8) == 0 && number(8..<12) == 0xFFFF
        high = number(0..<8)
        low = isIPv4 ? number(8..<16) : 0
    }
}
