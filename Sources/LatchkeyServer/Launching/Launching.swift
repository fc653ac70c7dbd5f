// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP
internal import LatchkeyHome
internal import LatchkeyLaunching
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeyRelay
internal import LatchkeySQLite
internal import LatchkeySessionProtocol
internal import LatchkeyStore
internal import LatchkeyTransport
internal import Logging
internal import NIOCore
internal import Synchronization

/// What launching instances takes besides the operations: the engine, the ways by which instances reach this server, and an
/// eye on them.
struct Launching {
    /// Seconds between two looks at the containers.
    private static let interval = TimeAmount.seconds(1)

    let launcher: DockerLauncher
    /// Where instances reach this machine.
    private let address: String
    private let options: Daemon.LaunchOptions
    let certificate: ServerCertificate
    private let metadata: MetadataService
    private let pool: BlockingPool
    private let log: Logger

    /// - Throws: `LatchkeyError` if the engine cannot be asked, or there is no authority to certify with.
    init(
        _ options: Daemon.LaunchOptions,
        folders: StateFolders,
        region: String,
        store: any ServerStore,
        relay: Relay,
        pool: BlockingPool,
        log: Logger
    ) throws {
        let engine = DockerEngine(socket: options.socket)
        address = try engine.hostAddress()
        let certificates = Certificates(folders)
        guard certificates.exist else {
            throw LatchkeyError(
                .configurationInvalid,
                "instances are launched by a server with certificates only, which their agents trust",
                hint: "latchkeyd init makes them"
            )
        }
        certificate = try certificates.certificate(named: "instances", for: [address])
        let authority = HostText.bracketed(address)
        launcher = DockerLauncher(
            engine: engine,
            store: store,
            setting: DockerLauncher.Setting(
                metadataEndpoint: "http://\(authority):\(options.metadataPort)",
                volumes: options.volumes
            ),
            home: folders.storePath,
            pool: pool,
            log: log,
            onStop: { relay.terminateSessions(of: $0, reason: SessionEndReason.instanceStopped.rawValue) }
        )
        metadata = MetadataService(
            store: store,
            launcher: launcher,
            pool: pool,
            setting: MetadataService.Setting(
                endpoint: "https://\(authority):\(options.metadataPort + 1)",
                authorities: certificates.authorityPath,
                region: region
            ),
            log: log
        )
        self.options = options
        self.pool = pool
        self.log = log
    }

    /// Listens where instances ask who they are, in the clear as at EC2, and where their agents dial in, with TLS. Only the
    /// engine's own network leads there.
    func listen(
        _ router: RequestRouter,
        _ metrics: ServerMetrics,
        _ limiter: ConnectionLimiter,
        _ loop: any EventLoop
    ) throws -> [any Channel] {
        var channels: [any Channel] = []
        let ways: [(Int, Listener.Security, any RequestResponder)] = [
            (options.metadataPort, .plain, metadata), (options.metadataPort + 1, .secure(certificate), router),
        ]
        for (port, security, responder) in ways {
            do {
                let bound = loop.makeFutureWithTask { [address] in
                    try await Listener(security: security, responder: responder, metrics: metrics, limiter: limiter)
                        .bind(host: address, port: port, loop: loop)
                }
                channels.append(try bound.wait())
            } catch {
                for channel in channels { try? channel.close().wait() }
                throw LatchkeyError(
                    .fileUnusable,
                    "cannot listen for instances on \(HostText.bracketed(address)):\(port): \(Daemon.message(error))",
                    hint: "--metadata-port names two others, this one and the next"
                )
            }
        }
        log.notice(
            "launching",
            metadata: ["engine": "\(options.socket)", "metadata": "\(address):\(options.metadataPort)"]
        )
        if !DockerLauncher.canPublish {
            log.warning(
                "something listens at port 22 of all addresses: new instances have none of their own",
                metadata: ["hint": "an sshd with ListenAddress leaves 127.64.0.0/10 to them"]
            )
        }
        return channels
    }

    /// Looks after the instances from now on.
    func watch(_ loop: any EventLoop) -> RepeatedTask {
        let (launcher, pool, log) = (launcher, pool, log)
        // What goes on is told once.
        let told = Mutex("")
        return loop.scheduleRepeatedAsyncTask(initialDelay: .zero, delay: Launching.interval) { _ in
            loop.makeFutureWithTask {
                var message = ""
                do {
                    try await pool.run {
                        try launcher.forget()
                        try launcher.reconcile()
                    }
                } catch {
                    message = DockerLauncher.message(error)
                }
                let isNews = told.withLock { told in
                    defer { told = message }
                    return told != message
                }
                if isNews, !message.isEmpty { log.error("instances", metadata: ["error": "\(message)"]) }
                if isNews, message.isEmpty { log.notice("instances are looked after again") }
            }
        }
    }
}
