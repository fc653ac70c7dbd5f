// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging
internal import Synchronization

/// Makes instances of containers.
///
/// The store says what an instance is on its way to (`pending`, `stopping`, `shutting-down`), and ``settle(_:isForced:)`` does
/// what that takes: for an operation, for what a latchkeyd before this one had begun, and again if it was not done. What has
/// become of containers without being asked for is seen by ``reconcile()``.
final class DockerLauncher: InstanceLauncher {
    /// What is to be known beside the engine.
    struct Setting: Sendable {
        /// Where instances reach the metadata service.
        var metadataEndpoint: String
        /// Files and folders of this machine that instances see, as `HERE:THERE:ro`; the agent's program is one of them.
        var volumes: [String]
    }

    static let instanceLabel = "latchkey.instance"
    static let addressLabel = "latchkey.address"
    private static let homeLabel = "latchkey.home"
    /// An image says by this label that instances can be launched from it, and by the other who logs in to them.
    private static let imageLabel = "latchkey.image"
    private static let userLabel = "latchkey.user"
    private static let consoleLimit = 64 * 1024
    /// Seconds for which a terminated instance is still told of.
    private static let memory = 3600.0
    /// Seconds after its start in which an instance's console is looked at for host keys: an agent comes first.
    private static let firstBoot = 3.0..<120.0
    /// Seconds that a container has to stop in order.
    private static let patience = 10

    let engine: DockerEngine
    let store: Store
    private let setting: Setting
    /// Tells the containers of this home from those of another one.
    let home: String
    private let workers: Workers
    private let log: Logger

    /// What is being done about an instance: one thing at a time.
    private struct Job {
        /// Somebody asked for more meanwhile.
        var goesOn = false
        var isForced: Bool
    }

    private let jobs = Mutex<[Instance.ID: Job]>([:])

    init(engine: DockerEngine, store: Store, setting: Setting, home: String, workers: Workers, log: Logger) {
        self.engine = engine
        self.store = store
        self.setting = setting
        self.home = home
        self.workers = workers
        self.log = log
    }

    // MARK: What is asked for

    func launch(_ id: Instance.ID) async throws { settle(id) }
    func start(_ id: Instance.ID) async throws { settle(id) }
    func stop(_ id: Instance.ID, force: Bool) async throws { settle(id, isForced: force) }
    func terminate(_ id: Instance.ID) async throws { settle(id) }

    func reboot(_ id: Instance.ID) async throws {
        try await workers.run { [self] in
            if let container = try store.launch(of: id)?.container { try engine.restart(container) }
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
                .compactMap { image in
                    // One that lost its name to a newer image is offered no more.
                    guard let name = image.tags?.first(where: { $0 != "<none>:<none>" }) else { return nil }
                    return LaunchImage(
                        id: DockerLauncher.imageID(image),
                        name: name,
                        description: image.labels?[DockerLauncher.imageLabel],
                        architecture: EC2Service.architecture,
                        user: image.labels?[DockerLauncher.userLabel],
                        created: Date(timeIntervalSince1970: image.created)
                    )
                }
        }
    }

    // MARK: Doing it

    /// Brings an instance, on a thread of the launcher's own, to what its state says that it is on its way to.
    private func settle(_ id: Instance.ID, isForced: Bool = false) {
        let isFirst = jobs.withLock { jobs in
            guard jobs[id] == nil else {
                jobs[id]?.goesOn = true
                jobs[id]?.isForced = isForced
                return false
            }
            jobs[id] = Job(isForced: isForced)
            return true
        }
        guard isFirst else { return }
        workers.enqueue { [self] in
            repeat {
                do { try step(id, isForced: jobs.withLock { $0[id]?.isForced ?? false }) } catch {
                    log.error("instance", metadata: ["instance": "\(id)", "error": "\(DockerLauncher.words(error))"])
                }
            } while !isDone(id)
        }
    }

    private func isDone(_ id: Instance.ID) -> Bool {
        jobs.withLock { jobs in
            guard jobs[id]?.goesOn == true else {
                jobs[id] = nil
                return true
            }
            jobs[id]?.goesOn = false
            return false
        }
    }

    /// One step on the way; what was asked for meanwhile is the next one.
    private func step(_ id: Instance.ID, isForced: Bool) throws {
        guard let instance = try store.instances(withIDs: [id]).first, let record = try store.launch(of: id) else {
            return
        }
        switch instance.state {
        case .pending:
            do {
                let container = try record.container ?? make(instance, record)
                try engine.start(container)
            } catch {
                try fail(instance, error)
                return
            }
            try store.setState(of: id, .running, from: [.pending], at: Date())
            log.info("instance runs", metadata: ["instance": "\(id)"])
        case .stopping:
            if let container = record.container {
                try engine.stop(container, patience: isForced ? 0 : DockerLauncher.patience)
            }
            try store.setState(of: id, .stopped, from: [.stopping], reason: .userStopped, at: Date())
        case .shuttingDown:
            if let container = record.container {
                try engine.remove(container)
                try store.setContainer(nil, of: id)
            }
            try store.setState(of: id, .terminated, from: [.shuttingDown], reason: .userStopped, at: Date())
        case .running, .stopped, .terminated: break
        }
    }

    /// - Returns: the id of a container for an instance, which the store has noted.
    private func make(_ instance: Instance, _ record: LaunchRecord) throws -> String {
        let address = try freeAddress(for: instance.id)
        let specification = DockerEngine.Specification(
            Image: try image(record.imageID).id,
            Hostname: DockerLauncher.hostName(instance),
            Env: ["AWS_EC2_METADATA_SERVICE_ENDPOINT=\(setting.metadataEndpoint)"],
            Labels: [
                DockerLauncher.instanceLabel: instance.id, DockerLauncher.homeLabel: home,
                DockerLauncher.addressLabel: address,
            ],
            ExposedPorts: ["22/tcp": [:]],
            HostConfig: DockerEngine.Specification.Host(
                PortBindings: ["22/tcp": [.init(HostIp: address, HostPort: "22")]],
                Binds: setting.volumes
            )
        )
        let container = try engine.create(specification, name: "latchkey-\(instance.id)")
        try store.setContainer(container, of: instance.id)
        try store.setAddresses([address], port: 22, of: instance.id)
        return container
    }

    /// An instance that never ran is gone, as at EC2; one that ran before has stopped again.
    private func fail(_ instance: Instance, _ error: any Error) throws {
        let why = DockerLauncher.words(error)
        log.error("instance not started", metadata: ["instance": "\(instance.id)", "reason": "\(why)"])
        let container = try store.launch(of: instance.id)?.container
        let isNew = try container.map { try engine.hasNeverRun($0) } ?? true
        if isNew, let container {
            try engine.remove(container)
            try store.setContainer(nil, of: instance.id)
        }
        try store.setState(
            of: instance.id,
            isNew ? .terminated : .stopped,
            from: [.pending],
            reason: .internalError(why),
            at: Date()
        )
    }

    private static func words(_ error: any Error) -> String { (error as? LatchkeyError)?.message ?? "\(error)" }

    // MARK: Watching

    /// Forgets instances that were terminated an hour ago, as EC2 does.
    func forget() throws {
        try store.removeTerminatedLaunches(before: Date().addingTimeInterval(-DockerLauncher.memory))
    }

    /// Pins the host keys that a new instance has printed on its console, as cloud-init does. An agent reports them, and
    /// better; this is for images without one.
    private func learnHostKeys(of id: Instance.ID, _ record: LaunchRecord) throws {
        let age = Date().timeIntervalSince(record.stateChanged)
        guard DockerLauncher.firstBoot.contains(age), let container = record.container,
            try store.instances(withIDs: [id]).first?.hostKeys.isEmpty == true,
            try store.managedInstanceIDs(among: [id]).isEmpty
        else { return }
        let text = String(decoding: try engine.log(of: container, lines: 2000), as: UTF8.self)
        let keys = HostKeyText.keys(onConsole: text).map { HostKey(key: $0, source: .console, pinned: Date()) }
        if !keys.isEmpty { try store.pinHostKeys(keys, for: id) }
    }

    /// Looks once whether the containers are what the store says of them, writes down where they are not, and goes on with what
    /// was begun and is in nobody's hands.
    func reconcile() throws {
        let records = try store.launches()
        guard !records.isEmpty else { return }
        let containers = try engine.containers(label: "\(DockerLauncher.homeLabel)=\(home)")
        let seen = Dictionary(containers.map { ($0.id, $0) }) { first, _ in first }
        let instances = try store.instances(withIDs: records.map(\.instanceID))
        let states = Dictionary(instances.map { ($0.id, $0.state) }) { first, _ in first }
        for record in records {
            let id = record.instanceID
            guard let state = states[id], jobs.withLock({ $0[id] == nil }) else { continue }
            let container = record.container.flatMap { seen[$0] }
            switch state {
            case .pending, .stopping, .shuttingDown: settle(id)
            case .running where container == nil, .stopped where container == nil:
                try store.setContainer(nil, of: id)
                try store.setState(of: id, .terminated, from: [state], reason: .selfStopped, at: Date())
            case .running where container?.runs == true: try learnHostKeys(of: id, record)
            case .running where container?.runs == false:
                try store.setState(of: id, .stopped, from: [state], reason: .selfStopped, at: Date())
            case .stopped where container?.runs == true:
                try store.setState(of: id, .running, from: [state], at: Date())
            case .running, .stopped, .terminated: break
            }
        }
    }
}
