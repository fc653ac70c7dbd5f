// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The addresses of this machine's interfaces.
enum HostAddresses {
    /// Those that mean something beyond a link, of interfaces that are up: first the interface with the default route, each
    /// one's IPv4 before IPv6.
    static func all() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        let preferred = defaultInterface()
        var found: [(rank: Int, address: String)] = []
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
            guard let interface = entry?.pointee, interface.ifa_flags & UInt32(IFF_UP) != 0,
                let pointer = interface.ifa_addr, let address = SocketAddress(pointer), address.isGlobal
            else { continue }
            let rank = (String(cString: interface.ifa_name) == preferred ? 0 : 2) + (address.isIPv4 ? 0 : 1)
            found.append((rank, address.text))
        }
        // Equal ones stay in the kernel's order.
        return found.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map(\.element.address)
    }

    private static func defaultInterface() -> String? {
        // Interface, destination, gateway, … in columns; addresses in hexadecimal.
        for line in SystemFile.lines("/proc/net/route") {
            let fields = line.split(separator: "\t")
            if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" { return String(fields[0]) }
        }
        return nil
    }
}
