// SPDX-License-Identifier: Apache-2.0

/// Where connections come from, as far as they share limits: an IPv4 address, or the /64 network of an IPv6 address, all of
/// whose addresses one machine may use.
package struct ConnectionSource: Hashable, Sendable {
    private let network: UInt64
    private let isIPv4: Bool

    /// - Parameter text: an IP address, with or without a zone; what is none is one source.
    package init(address text: String) {
        let bytes = AddressRange.bytes(of: String(text.prefix { $0 != "%" })) ?? []
        network = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        isIPv4 = bytes.count == 4
    }
}
