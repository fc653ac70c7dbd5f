// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel
package import LatchkeyOperations
package import LatchkeyStore
package import Logging
internal import Synchronization

/// Makes instances of containers.
///
/// The store says what an instance is on its way to (`pending`, `stopping`, `shutting-down`), and ``converge(_:isForced:)`` does
/// what that takes: for an operation, for what a latchkeyd before this one had begun, and again if it was not done. What has
/// become of containers without being asked for is seen by ``reconcile()``.
package final class DockerLauncher: InstanceLauncher {
    /// What is to be known beside the engine.
    package struct Setting: Sendable {
        /// Where instances reach the metadata service.
        var metadataEndpoint: String
        /// Files and folders of this machine that instances see, as `HERE:THERE:ro`; the agent's program is one of them.
        var volumes: [String]

        package init(metadataEndpoint: String, volumes: [String]) {
            self.metadataEndpoint = metadataEndpoint
            self.volumes = volumes
        }
    }

    static let instanceLabel = "latchkey.instance"
    static let addressLabel = "latchkey.address"
    static let homeLabel = "latchkey.home"
    /// An image says by this label that instances can be launched from it, and by the other who logs in to them.
    private static let imageLabel = "latchkey.image"
    private static let userLabel = "latchkey.user"
    private static let consoleLimit = 64 * 1024
    /// Seconds that a container has to stop in order.
    private static let stopTimeout = 10

    let engine: DockerEngine
    let store: any ServerStore
    private let setting: Setting
    /// Tells the containers of this home from those of another one.
    let home: String
    private let pool: BlockingPool
    let log: Logger
    /// Hears of each instance that has stopped.
    let onStop: @Sendable (Instance.ID) -> Void

    /// What is being done about an instance: one thing at a time.
    private struct Job {
        /// More was requested meanwhile.
        var goesOn = false
        var isForced: Bool
        /// It is to be started anew.
        var restarts: Bool
    }

    private struct Jobs {
        var running: [Instance.ID: Job] = [:]
        /// Counted on whenever a job begins or ends.
        var turns: [Instance.ID: Int] = [:]
    }

    private let jobs = Mutex(Jobs())
    /// Threads for jobs alone, which wait for containers for seconds: questions are not to wait for them.
    private let threads = BlockingPool(threads: 4)

    package init(
        engine: DockerEngine,
        store: any ServerStore,
        setting: Setting,
        home: String,
        pool: BlockingPool,
        log: Logger,
        onStop: @escaping @Sendable (Instance.ID) -> Void
    ) {
        self.engine = engine
        self.store = store
        self.setting = setting
        self.home = home
        self.pool = pool
        self.log = log
        self.onStop = onStop
    }

    // MARK: What is asked for

    package func launch(_ id: Instance.ID) async throws { converge(id) }
    package func start(_ id: Instance.ID) async throws { converge(id) }
    package func stop(_ id: Instance.ID, force: Bool) async throws { converge(id, isForced: force) }
    package func terminate(_ id: Instance.ID) async throws { converge(id) }

    package func refresh() async throws { try await pool.run { [self] in try reconcile() } }

    /// Returns when it runs again, or after some seconds: its state does not tell.
    package func reboot(_ id: Instance.ID) async throws {
        converge(id, restarts: true)
        for _ in 0..<300 where jobs.withLock({ $0.running[id] != nil }) { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// Waits until what is being done is done.
    package func finish() { threads.stop() }

    package func consoleOutput(of id: Instance.ID) async throws -> (text: [UInt8], date: Date)? {
        try await pool.run { [self] in
            guard let container = try store.launch(of: id)?.container else { return nil }
            let log = try engine.log(of: container, lines: 2000)
            let text = HostKeyText.disarmed(log.text, beginsWithBoot: log.isWhole)
            return text.isEmpty ? nil : (Array(text.suffix(DockerLauncher.consoleLimit)), Date())
        }
    }

    package func images() async throws -> [LaunchImage] {
        try await pool.run { [self] in
            try engine.images().filter { $0.labels?[DockerLauncher.imageLabel] != nil }
                .compactMap { image in
                    // One that lost its name to a newer image is offered no more.
                    guard let name = image.tags?.first(where: { $0 != "<none>:<none>" }) else { return nil }
                    return LaunchImage(
                        id: DockerLauncher.imageID(image),
                        name: name,
                        description: image.labels?[DockerLauncher.imageLabel],
                        architecture: Machine.architecture,
                        user: image.labels?[DockerLauncher.userLabel],
                        created: Date(timeIntervalSince1970: image.created)
                    )
                }
        }
    }

    // MARK: Doing it

    /// Brings an instance, on a thread of the launcher's own, to what its state says that it is on its way to.
    func converge(_ id: Instance.ID, isForced: Bool = false, restarts: Bool = false) {
        let isFirst = jobs.withLock { jobs in
            jobs.turns[id, default: 0] += 1
            guard let job = jobs.running[id] else {
                jobs.running[id] = Job(isForced: isForced, restarts: restarts)
                return true
            }
            jobs.running[id] = Job(
                goesOn: true,
                isForced: isForced || job.isForced,
                restarts: restarts || job.restarts
            )
            return false
        }
        guard isFirst else { return }
        threads.enqueue { [self] in
            repeat {
                do { try step(id) } catch {
                    log.error("instance", metadata: ["instance": "\(id)", "error": "\(DockerLauncher.message(error))"])
                }
            } while !isDone(id)
        }
    }

    private func isDone(_ id: Instance.ID) -> Bool {
        jobs.withLock { jobs in
            guard jobs.running[id]?.goesOn == true else {
                jobs.running[id] = nil
                jobs.turns[id, default: 0] += 1
                return true
            }
            jobs.running[id]?.goesOn = false
            return false
        }
    }

    /// The jobs so far, to tell by ``hadJob(_:since:)`` later.
    func turns() -> [Instance.ID: Int] { jobs.withLock { $0.turns } }

    /// Whether an instance has a job, or had one since then.
    func hadJob(_ id: Instance.ID, since turns: [Instance.ID: Int]) -> Bool {
        jobs.withLock { $0.running[id] != nil || $0.turns[id] != turns[id] }
    }

    /// Forgets the jobs of all but these, which are there no more.
    func keepTurns(of ids: Set<Instance.ID>) {
        jobs.withLock { jobs in
            jobs.turns = jobs.turns.filter { ids.contains($0.key) || jobs.running[$0.key] != nil }
        }
    }

    /// One step on the way; what was asked for meanwhile is the next one.
    private func step(_ id: Instance.ID) throws {
        guard let instance = try store.instances(withIDs: [id]).first, let record = try store.launch(of: id) else {
            return
        }
        let (isForced, restarts) = jobs.withLock { jobs in
            defer { jobs.running[id]?.restarts = false }
            return (jobs.running[id]?.isForced ?? false, jobs.running[id]?.restarts ?? false)
        }
        switch instance.state {
        case .pending:
            do { try start(instance, record) } catch {
                try fail(instance, error)
                return
            }
            try store.setState(of: id, .running, from: [.pending], at: Date())
            log.info("instance runs", metadata: ["instance": "\(id)"])
        case .running where restarts:
            guard let container = record.container else { return }
            onStop(id)
            if try engine.restart(container) { try noteAddresses(of: id, container) }
        case .stopping:
            guard let container = try record.container ?? lostContainer(of: id) else {
                return try markTerminated(id, .stopping)
            }
            guard try engine.stop(container, timeout: isForced ? 0 : DockerLauncher.stopTimeout) else {
                return try markTerminated(id, .stopping)
            }
            try store.setState(of: id, .stopped, from: [.stopping], reason: .userStopped, at: Date())
            onStop(id)
        case .shuttingDown:
            if let container = try record.container ?? lostContainer(of: id) {
                try engine.remove(container)
                try store.setContainer(nil, of: id)
            }
            try store.setState(of: id, .terminated, from: [.shuttingDown], reason: .userStopped, at: Date())
            onStop(id)
        case .running, .stopped, .terminated: break
        }
    }

    private func start(_ instance: Instance, _ record: LaunchRecord) throws {
        var container = record.container
        if container == nil, let lost = try lostContainer(of: instance.id) {
            try store.setContainer(lost, of: instance.id)
            container = lost
        }
        let known = try container ?? make(instance, record)
        guard try engine.start(known) else {
            throw LatchkeyError(.requestRefused, "its container was removed by other means")
        }
        try noteAddresses(of: instance.id, known)
    }

    /// The container of an instance that the store has not noted: a latchkeyd was killed after it had it made.
    private func lostContainer(of id: Instance.ID) throws -> String? {
        try engine.containers(label: "\(DockerLauncher.instanceLabel)=\(id)")
            .first { $0.labels?[DockerLauncher.homeLabel] == home }?
            .id
    }

    /// Notes that an instance has no container any more, since another program has removed it.
    func markTerminated(_ id: Instance.ID, _ state: InstanceState, unchangedSince date: Date? = nil) throws {
        let before = try store.setState(
            of: id,
            .terminated,
            from: [state],
            unchangedSince: date,
            reason: .selfStopped,
            at: Date()
        )
        guard before != nil else { return }
        try store.setContainer(nil, of: id)
        onStop(id)
    }

    /// - Returns: the id of a container for an instance, which the store has noted.
    private func make(_ instance: Instance, _ record: LaunchRecord) throws -> String {
        let address = try freeAddress(for: instance.id)
        var specification = DockerEngine.Specification(
            Image: try image(record.imageID).id,
            Hostname: DockerLauncher.hostName(instance),
            Env: ["AWS_EC2_METADATA_SERVICE_ENDPOINT=\(setting.metadataEndpoint)"],
            Labels: [DockerLauncher.instanceLabel: instance.id, DockerLauncher.homeLabel: home],
            ExposedPorts: ["22/tcp": [:]],
            HostConfig: DockerEngine.Specification.Host(PortBindings: [:], Binds: setting.volumes)
        )
        if let address {
            specification.Labels[DockerLauncher.addressLabel] = address
            specification.HostConfig.PortBindings = ["22/tcp": [.init(HostIp: address, HostPort: "22")]]
        }
        let container = try engine.create(specification, name: "latchkey-\(instance.id)")
        try store.setContainer(container, of: instance.id)
        return container
    }

    /// An instance that never ran is gone, as at EC2; one that ran before has stopped again.
    private func fail(_ instance: Instance, _ error: any Error) throws {
        let why = DockerLauncher.message(error)
        log.error("instance not started", metadata: ["instance": "\(instance.id)", "reason": "\(why)"])
        let container = try store.launch(of: instance.id)?.container
        let isNew = try container.flatMap { try engine.hasRun($0) } != true
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

    package static func message(_ error: any Error) -> String { (error as? LatchkeyError)?.message ?? "\(error)" }
}
