// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The addresses to which no port is forwarded. Whoever may use a session would otherwise become what the instance is to
/// its cloud: the metadata service hands out its credentials.
package struct DenyList: Equatable, Sendable {
    private struct Range: Equatable {
        /// 4 or 16 bytes.
        let bytes: [UInt8]
        let prefix: Int

        func contains(_ host: [UInt8]) -> Bool {
            guard host.count == bytes.count else { return false }
            let (whole, rest) = (prefix / 8, prefix % 8)
            guard host.prefix(whole) == bytes.prefix(whole) else { return false }
            return rest == 0 || (host[whole] ^ bytes[whole]) >> (8 - rest) == 0
        }
    }

    private var ranges: [Range]

    /// IPv4's link-local addresses, and the range in which EC2 has the same services for IPv6: metadata, DNS, time, and the
    /// credentials of containers.
    package static let standard = DenyList(ranges: [
        Range(bytes: [169, 254, 0, 0], prefix: 16),
        Range(bytes: [0xFD, 0x00, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 12), prefix: 32),
    ])

    /// Nothing is denied.
    package static let none = DenyList(ranges: [])

    /// - Parameter texts: addresses or ranges, for example `10.0.0.0/8`, `169.254.169.254` or `fd00:ec2::/32`.
    /// - Throws: `PortTargetError.rangeInvalid` with the first that is neither.
    package init(_ texts: [String]) throws(PortTargetError) {
        ranges = []
        for text in texts {
            guard let range = Self.range(text) else { throw .rangeInvalid(text) }
            ranges.append(range)
        }
    }

    private init(ranges: [Range]) { self.ranges = ranges }

    private static func range(_ text: String) -> Range? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2 else { return nil }
        let (isIPv6, address) = (first.contains(":"), String(first))
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, address, &bytes) == 1 else { return nil }
        var prefix = bytes.count * 8
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...prefix).contains(number), parts[1].allSatisfy(\.isNumber) else {
                return nil
            }
            prefix = number
        }
        if prefix >= 96, let embedded = mapped(bytes) { return Range(bytes: embedded, prefix: prefix - 96) }
        return Range(bytes: bytes, prefix: prefix)
    }

    /// Whether nothing may be sent there, in whatever form the address is written. A path is never denied.
    package func denies(_ address: SocketAddress) -> Bool {
        Self.forms(address.host).contains { form in ranges.contains { $0.contains(form) } }
    }

    /// All addresses that one stands for.
    private static func forms(_ host: [UInt8]) -> [[UInt8]] {
        var forms = [host]
        if host.count == 16 {
            if let embedded = mapped(host) { forms.append(embedded) }
            let start = Array(host.prefix(12))
            // Translated by a gateway (RFC 6052 §2.1), IPv4-compatible (RFC 4291 §2.5.5.1), and 6to4 (RFC 3056 §2).
            if start == [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8) { forms.append(Array(host[12...])) }
            if start.allSatisfy({ $0 == 0 }), host[12] != 0 { forms.append(Array(host[12...])) }
            if host[0] == 0x20 && host[1] == 0x02 { forms.append(Array(host[2..<6])) }
        }
        // Connecting to the unspecified address reaches this machine.
        if host.allSatisfy({ $0 == 0 }), !host.isEmpty {
            forms += [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
        }
        if forms.contains([0, 0, 0, 0]) { forms.append([127, 0, 0, 1]) }
        return forms
    }

    /// The IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2), with which the kernel speaks IPv4.
    private static func mapped(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return nil
        }
        return Array(bytes[12...])
    }
}
