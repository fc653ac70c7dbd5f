// SPDX-License-Identifier: Apache-2.0

/// `10.0.0.0/8` (RFC 4632 §3.1).
struct IPv4Network {
    static let loopback = IPv4Network(base: 127 << 24, prefix: 8)
    static let link = IPv4Network(base: 169 << 24 | 254 << 16, prefix: 16)

    private let base: UInt32
    private let prefix: Int

    private init(base: UInt32, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPv4Network.value(of: parts[0]), let prefix = Int(parts[1]),
            (0...32).contains(prefix)
        else { return nil }
        self.init(base: base, prefix: prefix)
    }

    /// The number that an address in dotted form is; nil for other text. A zero in front makes octal digits of the others where
    /// the system reads them, and so another address.
    static func value(of text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part.utf8.count == 1 || !part.hasPrefix("0"),
                let byte = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    func contains(_ address: UInt32) -> Bool {
        prefix == 0 || address >> (32 - prefix) == base >> (32 - prefix)
    }
}
