// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// Where a forwarded port leads: addresses that were resolved once, and what must not be reached. ``PortDial`` checks each
/// address as it is given to `connect`.
package struct PortTarget: Equatable, Sendable {
    /// What was asked for, as people write it; not safe for a terminal.
    package let name: String
    /// In the order in which they are tried; at least one.
    package let addresses: [SocketAddress]
    package let denied: DenyList

    /// Resolves a host name or address, which may wait for a name server.
    ///
    /// - Throws: `denied` if any of the host's addresses is: a name that leads to such a one, too, is not to be trusted
    ///   with the others.
    package static func resolve(
        host: String,
        port: Int,
        denying denied: DenyList = .standard
    ) throws(PortTargetError) -> PortTarget {
        guard (try? Names.address(host)) != nil else { throw .hostInvalid(host) }
        guard (1...65535).contains(port) else { throw .portInvalid(port) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        let number = getaddrinfo(host, String(port), &hints, &first)
        guard number == 0 else { throw .unresolved(host, reason: String(cString: gai_strerror(number))) }
        defer { freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let pointer = entry?.pointee.ai_addr, let address = SocketAddress(pointer) else { continue }
            if denied.denies(address) { throw .denied(host, address: address.text) }
            if !addresses.contains(address) { addresses.append(address) }
        }
        guard !addresses.isEmpty else { throw .unresolved(host, reason: "it has no address") }
        return PortTarget(
            name: HostText.endpoint(host, port),
            addresses: Array(addresses.prefix(16)),
            denied: denied
        )
    }
}
