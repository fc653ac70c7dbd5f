// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An IP address, or all of a network: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
package struct AddressRange: Equatable, Sendable {
    /// 4 or 16 of them.
    private let bytes: [UInt8]
    private let prefix: Int

    /// - Returns: nil for text that is neither.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2, let bytes = AddressRange.bytes(of: String(address)) else {
            return nil
        }
        self.bytes = bytes
        guard parts.count == 2 else {
            prefix = bytes.count * 8
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let prefix = Int(parts[1]), prefix <= bytes.count * 8
        else { return nil }
        self.prefix = prefix
    }

    /// Whether an address is in it; text that is none is not.
    func contains(_ address: String) -> Bool {
        guard let other = AddressRange.bytes(of: address), other.count == bytes.count else { return false }
        let (whole, rest) = (prefix / 8, prefix % 8)
        guard other.prefix(whole) == bytes.prefix(whole) else { return false }
        return rest == 0 || (other[whole] ^ bytes[whole]) >> (8 - rest) == 0
    }

    /// 4 or 16 bytes of an address. One of IPv4 that arrived at a socket of IPv6 (RFC 4291 §2.5.5.2) is the same one.
    static func bytes(of text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }
}
