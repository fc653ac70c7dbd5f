// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import Logging

/// Makes instances of containers. What the store says of them is what the engine was seen to do: whoever ends a container by
/// other means is noticed within seconds.
final class DockerLauncher: InstanceLauncher {
    /// What is to be known beside the engine.
    struct Setting: Sendable {
        /// Where instances reach the metadata service.
        var metadataEndpoint: String
        /// Files and folders of this machine that instances see, as `HERE:THERE:ro`; the agent's program is one of them.
        var volumes: [String]
    }

    private static let instanceLabel = "latchkey.instance"
    private static let homeLabel = "latchkey.home"
    /// An image says by this label that instances can be launched from it, and by the other who logs in to them.
    private static let imageLabel = "latchkey.image"
    private static let userLabel = "latchkey.user"
    /// Seconds that a terminated instance is still told of, as at EC2.
    private static let memory = 3600.0
    private static let consoleLimit = 64 * 1024

    let engine: DockerEngine
    private let store: Store
    private let setting: Setting
    /// Tells the containers of this home from those of another one.
    private let home: String
    private let workers: Workers
    private let log: Logger

    init(engine: DockerEngine, store: Store, setting: Setting, home: String, workers: Workers, log: Logger) {
        self.engine = engine
        self.store = store
        self.setting = setting
        self.home = home
        self.workers = workers
        self.log = log
    }

    // MARK: What is asked for

    func launch(_ id: Instance.ID) async throws {
        work(id) { [self] in
            guard let instance = try store.instances(withIDs: [id]).first, let record = try store.launch(of: id),
                instance.state == .pending, record.container == nil
            else { return }
            do {
                let image = try image(record.imageID)
                let address = try freeAddress(for: id)
                let specification = DockerEngine.Specification(
                    Image: image.id,
                    Hostname: DockerLauncher.hostName(instance),
                    Env: ["AWS_EC2_METADATA_SERVICE_ENDPOINT=\(setting.metadataEndpoint)"],
                    Labels: [DockerLauncher.instanceLabel: id, DockerLauncher.homeLabel: home],
                    ExposedPorts: ["22/tcp": [:]],
                    HostConfig: DockerEngine.Specification.Host(
                        PortBindings: ["22/tcp": [.init(HostIp: address, HostPort: "22")]],
                        Binds: setting.volumes
                    )
                )
                let container = try engine.create(specification, name: "latchkey-\(id)")
                try store.setContainer(container, address: nil, of: id)
                try store.setAddresses([address], port: 22, of: id)
                try begin(id, container)
            } catch {
                let why = (error as? LatchkeyError)?.message ?? "\(error)"
                log.error("instance not launched", metadata: ["instance": "\(id)", "reason": "\(why)"])
                if let container = try store.launch(of: id)?.container { try engine.remove(container) }
                try store.setState(of: id, .terminated, reason: .internalError(why), at: Date())
            }
        }
    }

    func start(_ id: Instance.ID) async throws {
        work(id) { [self] in
            guard let container = try store.launch(of: id)?.container else { return }
            do { try begin(id, container) } catch {
                let why = (error as? LatchkeyError)?.message ?? "\(error)"
                log.error("instance not started", metadata: ["instance": "\(id)", "reason": "\(why)"])
                try store.setState(of: id, .stopped, from: [.pending], reason: .internalError(why), at: Date())
            }
        }
    }

    /// Starts a container. Its address is known before it can ask who it is.
    private func begin(_ id: Instance.ID, _ container: String) throws {
        try engine.start(container)
        try store.setContainer(container, address: try engine.address(of: container), of: id)
        try store.setState(of: id, .running, from: [.pending], at: Date())
        log.info("instance runs", metadata: ["instance": "\(id)"])
    }

    func stop(_ id: Instance.ID, force: Bool) async throws {
        work(id) { [self] in
            if let container = try store.launch(of: id)?.container {
                try engine.stop(container, patience: force ? 0 : 10)
                try store.setContainer(container, address: nil, of: id)
            }
            try store.setState(of: id, .stopped, from: [.stopping], reason: .userStopped, at: Date())
        }
    }

    func reboot(_ id: Instance.ID) async throws {
        work(id) { [self] in
            guard let container = try store.launch(of: id)?.container else { return }
            try engine.restart(container)
            try store.setContainer(container, address: try engine.address(of: container), of: id)
        }
    }

    func terminate(_ id: Instance.ID) async throws {
        work(id) { [self] in
            if let container = try store.launch(of: id)?.container {
                try engine.remove(container)
                try store.setContainer(nil, address: nil, of: id)
            }
            try store.setState(of: id, .terminated, from: [.shuttingDown], reason: .userStopped, at: Date())
        }
    }

    func consoleOutput(of id: Instance.ID) async throws -> (text: [UInt8], date: Date)? {
        try await workers.run { [self] in
            guard let container = try store.launch(of: id)?.container else { return nil }
            let text = try engine.log(of: container, lines: 2000)
            return text.isEmpty ? nil : (Array(text.suffix(DockerLauncher.consoleLimit)), Date())
        }
    }

    func images() async throws -> [LaunchImage] {
        try await workers.run { [self] in
            try engine.images().filter { $0.labels?[DockerLauncher.imageLabel] != nil }
                .map { image in
                    LaunchImage(
                        id: DockerLauncher.imageID(image),
                        name: image.tags?.first ?? DockerLauncher.imageID(image),
                        description: image.labels?[DockerLauncher.imageLabel],
                        architecture: DockerLauncher.architecture,
                        user: image.labels?[DockerLauncher.userLabel],
                        created: Date(timeIntervalSince1970: image.created)
                    )
                }
        }
    }

    /// Does what an operation began, and tells the log what went wrong; the states tell the user.
    private func work(_ id: Instance.ID, _ body: @escaping @Sendable () throws -> Void) {
        workers.enqueue { [log] in
            do { try body() } catch {
                log.error("instance", metadata: ["instance": "\(id)", "error": "\(error)"])
            }
        }
    }

    // MARK: Watching

    /// Looks once whether the containers are what the store says of them, and writes down where they are not.
    func reconcile() throws {
        let records = try store.launches()
        try store.removeTerminatedLaunches(before: Date().addingTimeInterval(-DockerLauncher.memory))
        guard !records.isEmpty else { return }
        let containers = try engine.containers(label: "\(DockerLauncher.homeLabel)=\(home)")
        let states = Dictionary(containers.map { ($0.id, $0.state) }) { first, _ in first }
        for record in records {
            guard let container = record.container else { continue }
            let id = record.instanceID
            switch states[container] {
            case "running", "restarting", "paused":
                if record.containerAddress == nil {
                    try store.setContainer(container, address: try engine.address(of: container), of: id)
                }
                // Somebody started it, or a latchkeyd that was ended in the middle did.
                try store.setState(of: id, .running, from: [.stopped, .pending], at: Date())
            case nil:
                try store.setContainer(nil, address: nil, of: id)
                try store.setState(
                    of: id,
                    .terminated,
                    from: [.running, .pending, .stopping, .stopped, .shuttingDown],
                    reason: .selfStopped,
                    at: Date()
                )
            case "exited", "dead":
                if record.containerAddress != nil { try store.setContainer(container, address: nil, of: id) }
                try store.setState(of: id, .stopped, from: [.running, .stopping], reason: .selfStopped, at: Date())
            default: break
            }
        }
    }

    /// Goes on with what a latchkeyd before this one had begun, and then watches.
    func resume() throws {
        for record in try store.launches() where record.container == nil {
            guard try store.instances(withIDs: [record.instanceID]).first?.state == .pending else { continue }
            Task { try await launch(record.instanceID) }
        }
        try reconcile()
    }

    // MARK: Places and names

    /// An address of its own in 127.0.0.0/8, of those that nothing else is likely to use; the same one each time it is tried.
    private func freeAddress(for id: Instance.ID) throws -> String {
        let digest = Digest.sha256(Array("\(home) \(id)".utf8))
        for attempt in 0..<64 {
            let bytes = Digest.sha256(digest + [UInt8(attempt)])
            let address = "127.\(64 + bytes[0] % 64).\(bytes[1]).\(1 + bytes[2] % 254)"
            let owners = try store.instances(matching: .text(address), limit: 1)
            if owners.allSatisfy({ $0.id == id }), DockerLauncher.canListen(address) { return address }
        }
        throw LatchkeyError(.requestRefused, "no address is free in 127.64.0.0/10")
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
    private static func hostName(_ instance: Instance) -> String {
        guard let name = instance.name, name.utf8.count <= 63,
            name.utf8.allSatisfy({
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0) || $0 == 0x2D
            })
        else { return instance.id }
        return name
    }

    private func image(_ id: String) throws -> DockerEngine.Image {
        let images = try engine.images()
        if let image = images.first(where: { DockerLauncher.imageID($0) == id || $0.tags?.contains(id) == true }) {
            return image
        }
        throw LatchkeyError(.requestRefused, "there is no image '\(id.terminalSafe)'")
    }

    /// EC2's form of a Docker image's digest.
    static func imageID(_ image: DockerEngine.Image) -> String {
        "ami-" + (image.id.split(separator: ":").last ?? "").prefix(17)
    }

    #if arch(arm64)
    private static let architecture = "arm64"
    #else
    private static let architecture = "x86_64"
    #endif
}
