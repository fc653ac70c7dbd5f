// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyStore

/// What containers and images are called, and where instances are reached.
extension DockerLauncher {
    /// The instance whose container has this address at the engine now; nil if none of this home's has.
    func instance(atContainerAddress address: String) throws -> Instance.ID? {
        let containers = try engine.containers(label: "\(DockerLauncher.instanceLabel)")
        // The container's label tells the instance, but only the store's word counts for whose container it is.
        guard let container = containers.first(where: { $0.runs && $0.addresses.contains(address) }),
            let id = container.labels?[DockerLauncher.instanceLabel]
        else { return nil }
        return try store.launch(of: id)?.container == container.id ? id : nil
    }

    /// An address of its own in 127.64.0.0/10: one that no instance has, here or in another home, and at which nothing
    /// listens. The same one each time it is tried.
    ///
    /// - Returns: nil where something listens at port 22 of all addresses, as an sshd of this machine may.
    func freeAddress(for id: Instance.ID) throws -> String? {
        guard DockerLauncher.canPublish else { return nil }
        let digest = Digest.sha256(Array("\(home) \(id)".utf8))
        let taken = Set(
            try engine.containers(label: DockerLauncher.instanceLabel)
                .compactMap { $0.labels?[DockerLauncher.addressLabel] }
        )
        for attempt in 0..<64 {
            let bytes = Digest.sha256(digest + [UInt8(attempt)])
            let address = "127.\(64 + bytes[0] % 64).\(bytes[1]).\(1 + bytes[2] % 254)"
            guard !taken.contains(address) else { continue }
            let owners = try store.instances(matching: .text(address), limit: 1)
            if owners.allSatisfy({ $0.id == id }), DockerLauncher.canListen(address) { return address }
        }
        throw LatchkeyError(.requestRefused, "no address is free in 127.64.0.0/10")
    }

    /// Whether instances can have addresses of their own: what listens at an address that no instance is given listens at all.
    package static var canPublish: Bool { canListen("127.127.255.255") }

    /// Notes where an instance is reached: at its own address or, where it has none, at that of its container, which is good
    /// until the next start.
    func noteAddresses(of id: Instance.ID, _ container: String) throws {
        let found = try engine.containers(label: "\(DockerLauncher.instanceLabel)=\(id)").first { $0.id == container }
        let addresses = found?.labels?[DockerLauncher.addressLabel].map { [$0] } ?? found?.addresses ?? []
        if try store.instances(withIDs: [id]).first?.addresses != addresses {
            try store.setAddresses(addresses, port: 22, of: id)
        }
    }

    private static func canListen(_ text: String) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        // A sockaddr_in (ip(7)): the family in the machine's order, port and address in the network's, and zeros.
        let family = withUnsafeBytes(of: UInt16(AF_INET)) { Array($0) }
        let address =
            family + [0, 22] + text.split(separator: ".").compactMap { UInt8($0) } + [UInt8](repeating: 0, count: 8)
        return address.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count == 16 else { return false }
            // Without the right to bind below 1024 it cannot be tried; the engine will tell.
            return bind(descriptor, start.assumingMemoryBound(to: sockaddr.self), 16) == 0 || errno == EACCES
        }
    }

    /// The instance's name, where it can be a host's, else its id.
    static func hostName(_ instance: Instance) -> String {
        guard let name = instance.name, name.utf8.count <= 63,
            name.utf8.allSatisfy({
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0) || $0 == 0x2D
            })
        else { return instance.id }
        return name
    }

    func image(_ id: String) throws -> DockerEngine.Image {
        if let image = try engine.images().first(where: { DockerLauncher.imageID($0) == id }) { return image }
        throw LatchkeyError(.requestRefused, "there is no image '\(id.terminalSafe)'")
    }

    /// EC2's form of a Docker image's digest.
    static func imageID(_ image: DockerEngine.Image) -> String {
        "ami-" + (image.id.split(separator: ":").last ?? "").prefix(17)
    }
}
