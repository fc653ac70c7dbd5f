// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The addresses to which no port is forwarded. A user of a session would otherwise become what the instance is to
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

    /// Where clouds have their metadata, credentials and host services.
    package static let standard: DenyList = {
        do throws(PortTargetError) { return try DenyList(standardRanges) } catch {
            preconditionFailure("\(error)")
        }
    }()

    private static let standardRanges = [
        // Link-local: the metadata of nearly all of them, the credentials of containers at ECS (169.254.170.2) and EKS
        // (169.254.170.23), EC2's DNS and time; with IPv6 the metadata of OpenStack.
        "169.254.0.0/16", "fe80::/10",
        // EC2 over IPv6: metadata, credentials, DNS, time.
        "fd00:ec2::/32",
        // The host of Azure's machines.
        "168.63.129.16",
        // Google, where there is IPv6 alone.
        "fd20:ce::254",
        // Alibaba.
        "100.100.100.200", "fd00:100::100:200",
        // Oracle: Classic, and over IPv6.
        "192.0.0.192", "fd00:c1::a9fe:a9fe",
        // Scaleway and Linode over IPv6.
        "fd00:42::42", "fd00:a9fe:a9fe::1",
    ]

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
        if prefix >= 96, let embedded = IPv4Embedding.mapped(bytes) {
            return Range(bytes: embedded, prefix: prefix - 96)
        }
        return Range(bytes: bytes, prefix: prefix)
    }

    /// Whether nothing may be sent there, in whatever form the address is written.
    ///
    /// - Parameter address: as `connect` is given it. A zone does not count: the address is denied on every link.
    package func denies(_ address: SocketAddress) -> Bool {
        Self.forms(address.host).contains { form in ranges.contains { $0.contains(form) } }
    }

    /// All addresses that one stands for.
    private static func forms(_ host: [UInt8]) -> [[UInt8]] {
        var forms = [host] + IPv4Embedding.addresses(in: host)
        // Connecting to the unspecified address, of either family, reaches this machine.
        if host.allSatisfy({ $0 == 0 }) { forms += [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]] }
        if IPv4Embedding.mapped(host) == [0, 0, 0, 0] { forms.append([127, 0, 0, 1]) }
        return forms
    }
}
