// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// `fd00::/8`, or one address (RFC 4291 §2.2, §2.3), in any of the forms in which they are written, in brackets or not.
struct IPv6Network {
    private let base: [UInt8]
    private let prefix: Int

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPv6Network.bytes(of: first), parts.count <= 2 else { return nil }
        let prefix = parts.count == 2 ? Int(parts[1]) : 128
        guard let prefix, (0...128).contains(prefix) else { return nil }
        self.base = base
        self.prefix = prefix
    }

    /// The 16 bytes of an address; nil for other text. A zone behind it (`%eth0`) does not count.
    static func bytes(of text: some StringProtocol) -> [UInt8]? {
        var name = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : String(text)
        if let zone = name.firstIndex(of: "%") { name = String(name[..<zone]) }
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, name, &bytes) == 1 ? bytes : nil
    }

    func contains(_ address: [UInt8]) -> Bool {
        let whole = prefix / 8
        guard base[..<whole].elementsEqual(address[..<whole]) else { return false }
        guard prefix % 8 > 0 else { return true }
        let mask = ~(UInt8.max >> UInt8(prefix % 8))
        return base[whole] & mask == address[whole] & mask
    }
}
