// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// The engine's standard network, as the engine tells of it, and where containers on it reach this machine.
///
/// An engine that has not been started before tells no gateway (seen with Docker 20.10, until its second start), so what counts
/// is the address of the bridge itself, which is there as soon as the engine is.
struct EngineNetwork: Decodable, Sendable {
    private struct Management: Decodable, Sendable { var Config: [Range]? }

    private struct Range: Decodable, Sendable {
        /// In CIDR notation.
        var Subnet: String?
        var Gateway: String?
    }

    /// An address of this machine.
    struct Local: Sendable {
        /// The name of its interface.
        var interface: String
        var address: IPv4
    }

    private var management: Management?
    private var options: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case management = "IPAM"
        case options = "Options"
    }

    /// The address, an IPv4 one, at which containers reach this machine.
    ///
    /// - Parameter locals: the addresses that this machine has.
    /// - Throws: `configurationInvalid` if it has none there: the network is in another machine, a virtual one included.
    func hostAddress(among locals: [Local]) throws(LatchkeyError) -> String {
        let ranges = management?.Config ?? []
        // Those of IPv6 are left out: instances are known by their IPv4 addresses.
        let subnets = ranges.compactMap { $0.Subnet.flatMap(Subnet.init) }
        let gateways = ranges.compactMap { $0.Gateway.flatMap(IPv4.init) }
        let bridge = options?["com.docker.network.bridge.name"]
        let own = locals.filter { local in
            local.interface == bridge && (subnets.isEmpty || subnets.contains { $0.contains(local.address) })
        }
        if let found = own.first(where: { gateways.contains($0.address) }) ?? own.first { return found.address.text }
        // The bridge is not told, or has another name here: what it has to be, if this machine has it.
        for address in gateways + subnets.map(\.firstHost) where locals.contains(where: { $0.address == address }) {
            return address.text
        }
        let message = (gateways.first ?? subnets.first?.firstHost).map { " (\($0.text))" } ?? ""
        throw LatchkeyError(
            .configurationInvalid,
            "the container engine's network 'bridge' has no IPv4 address at this machine\(message)",
            hint: "instances need an engine that runs on this machine itself; --docker-socket names its socket"
        )
    }

    /// All IPv4 addresses of this machine's interfaces.
    static func localAddresses() -> [Local] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        return sequence(first: first, next: { $0?.pointee.ifa_next })
            .compactMap { entry in
                guard let interface = entry?.pointee, let address = interface.ifa_addr,
                    address.pointee.sa_family == sa_family_t(AF_INET)
                else { return nil }
                // A sockaddr_in (ip(7)): behind family and port, in the network's order.
                let number = UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 4, as: UInt32.self)
                return Local(
                    interface: String(cString: interface.ifa_name),
                    address: IPv4(number: UInt32(bigEndian: number))
                )
            }
    }

    /// An IPv4 address.
    struct IPv4: Equatable, Sendable {
        /// In this machine's order.
        var number: UInt32

        init(number: UInt32) { self.number = number }

        /// - Returns: nil unless it is four numbers with dots between them.
        init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard parts.count == 4 else { return nil }
            number = 0
            for part in parts {
                guard let part else { return nil }
                number = number << 8 | UInt32(part)
            }
        }

        var text: String { [24, 16, 8, 0].map { String(number >> UInt32($0) & 0xFF) }.joined(separator: ".") }
    }

    /// A range of IPv4 addresses.
    private struct Subnet {
        var network: UInt32
        var mask: UInt32

        /// - Parameter text: as `172.17.0.0/16`.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let address = IPv4(String(parts[0])), let length = UInt32(parts[1]), length <= 32
            else {
                return nil
            }
            mask = length == 0 ? 0 : ~0 << (32 - length)
            network = address.number & mask
        }

        func contains(_ address: IPv4) -> Bool { address.number & mask == network }

        /// What an engine gives its bridge.
        var firstHost: IPv4 { IPv4(number: network + 1) }
    }
}
