// SPDX-License-Identifier: Apache-2.0

/// The IPv4 addresses that stand in an IPv6 address. The kernel, a translator or a tunnel sends to one of them what is sent to
/// the IPv6 address.
enum IPv4Embedding {
    /// - Parameter address: 16 bytes.
    /// - Returns: addresses of 4 bytes each; several where the prefix leaves open where the address stands.
    static func addresses(in address: [UInt8]) -> [[UInt8]] {
        guard address.count == 16 else { return [] }
        let last = Array(address[12...])
        var found: [[UInt8]] = []
        if let mapped = mapped(address) { found.append(mapped) }
        // IPv4-translated, ::ffff:0:0:0/96 (RFC 2765 §2.1).
        if has(address, prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0]) { found.append(last) }
        // IPv4-compatible, ::/96, but for the unspecified and the loopback address (RFC 4291 §2.5.5.1).
        if has(address, prefix: [UInt8](repeating: 0, count: 12)), !(last[..<3] == [0, 0, 0] && last[3] <= 1) {
            found.append(last)
        }
        // The well-known prefix of translators, 64:ff9b::/96 (RFC 6052 §2.1).
        if has(address, prefix: [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { found.append(last) }
        // A network's own prefixes within 64:ff9b:1::/48, whose length only the network knows (RFC 8215 §5, RFC 6052 §2.2;
        // byte 8 is no part of the address).
        if has(address, prefix: [0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01]) {
            let places = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]]
            found += places.map { $0.map { address[$0] } }
        }
        // 6to4, 2002::/16 (RFC 3056 §2).
        if has(address, prefix: [0x20, 0x02]) { found.append(Array(address[2..<6])) }
        // Teredo, 2001::/32: the server's, and the client's with all bits turned round (RFC 4380 §4).
        if has(address, prefix: [0x20, 0x01, 0, 0]) { found += [Array(address[4..<8]), last.map { ~$0 }] }
        // ISATAP, in the interface's identifier (RFC 5214 §6.1).
        if address[8] & ~0x03 == 0, Array(address[9..<12]) == [0x00, 0x5E, 0xFE] { found.append(last) }
        return found
    }

    /// The address in an IPv4-mapped one, ::ffff:0:0/96, with which the kernel speaks IPv4 (RFC 4291 §2.5.5.2).
    static func mapped(_ address: [UInt8]) -> [UInt8]? {
        guard address.count == 16, has(address, prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) else { return nil }
        return Array(address[12...])
    }

    private static func has(_ address: [UInt8], prefix: [UInt8]) -> Bool { address.starts(with: prefix) }
}
