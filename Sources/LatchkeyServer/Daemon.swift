// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAuthorization
internal import LatchkeyConsole
package import LatchkeyHTTP
package import LatchkeyHome
internal import LatchkeyLaunching
internal import LatchkeyMetrics
internal import LatchkeyModel
package import LatchkeyOperations
internal import LatchkeyRelay
internal import LatchkeySQLite
package import LatchkeyStore
internal import LatchkeySystem
package import Logging
internal import NIOCore
internal import NIOPosix

/// `latchkeyd` as a whole: the store, the relay and what listens, from start to stop.
package struct Daemon {
    package struct Options: Sendable {
        /// `HOST:PORT`, the first one being what programs of the same home are told.
        package var listen: [ListenAddress] = [ListenAddress(host: "127.0.0.1", port: 8443)]
        package var region = "local"
        /// How clients reach it.
        package var origin = PublicOrigin.ofRequest
        /// Minutes without input or output after which a session ends.
        package var idleMinutes = 20
        /// Minutes after which one ends in any case; nil for no such limit.
        package var maxMinutes: Int?
        /// Connections that have not authenticated, in all and from one source; nil for what goes with the number of
        /// descriptors, and for 64.
        package var maxUnauthenticated: Int?
        package var maxUnauthenticatedPerSource: Int?
        /// The agent's program, for machines that are to have it; nil if it is not here.
        package var agentProgram: String?
        /// The folder of the console's files; nil to serve none.
        package var consoleFolder: String?
        /// How instances are launched; nil if none are.
        package var launching: LaunchOptions?

        package init() {}
    }

    /// How instances are launched.
    package struct LaunchOptions: Sendable {
        /// The container engine's socket.
        package var socket = DockerEngine.standardSocket
        /// Where instances find the metadata service at this machine; their agents dial in at the next port.
        package var metadataPort = 8775
        /// `HERE:THERE:ro`, files and folders that instances see.
        package var volumes: [String] = []

        package init() {}
    }

    private let folders: StateFolders
    private let options: Options
    private let log: Logger
    private let makeLauncher: @Sendable (any ServerStore) throws -> (any InstanceLauncher)?

    /// - Parameter makeLauncher: makes what launches instances in place of the container engine of `options`.
    package init(
        folders: StateFolders,
        options: Options,
        log: Logger,
        makeLauncher: @escaping @Sendable (any ServerStore) throws -> (any InstanceLauncher)? = { _ in nil }
    ) {
        self.folders = folders
        self.options = options
        self.log = log
        self.makeLauncher = makeLauncher
    }

    /// Serves until `waitForStop` returns, then closes everything in order.
    ///
    /// - Throws: `LatchkeyError` where it cannot start.
    package func run(waitForStop: () -> Void) throws {
        ProcessMemory.keepForMessages()
        allowManyConnections()
        var limits = ConnectionLimits.current
        if let count = options.maxUnauthenticated { limits.unauthenticated = count }
        if let count = options.maxUnauthenticatedPerSource { limits.unauthenticatedPerSource = count }
        let lock = try HomeLock(folders)
        let store = try folders.store(isForServer: true)
        let node = try folders.node()
        let key = try folders.masterKey(of: store)
        let signers = KnownSigners(store)
        _ = try signers.refresh()
        let consoleSessions = try ConsoleSessions(store, signers: signers)
        let events = SessionEventWriter(store: store, log: log)
        let certificates = Certificates(folders)
        let certificate = try certificates.serverCertificate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = BlockingPool(threads: 3, writers: 2)
        let metrics = ServerMetrics()
        let limiter = ConnectionLimiter(limits, origin: options.origin, metrics: metrics, log: log)
        var times = Relay.Limits()
        times.idle = .minutes(Int64(options.idleMinutes))
        let relay = Relay(
            loop: group.next(),
            limits: times,
            metrics: metrics,
            log: log,
            events: events,
            grants: KnownGrants(signers: signers, consoleSessions: consoleSessions)
        )
        limiter.onChange = { relay.noteActivity() }
        // For what the engine is asked, which is slower than the disk.
        let launchPool = BlockingPool(threads: 4)
        let launching = try options.launching.map { launching in
            try Launching(
                launching,
                folders: folders,
                region: options.region,
                store: store,
                relay: relay,
                pool: launchPool,
                log: log
            )
        }
        let commands = try CommandDispatcher(store: store, relay: relay, agents: relay, pool: pool, log: log)
        relay.jobs = commands
        let services = ServiceRouter(
            ServiceRouter.Setting(
                store: store,
                node: node,
                relay: relay,
                agents: relay,
                pool: pool,
                events: events,
                commands: commands,
                consoleSessions: consoleSessions,
                launcher: try makeLauncher(store) ?? launching?.launcher,
                region: options.region,
                origin: options.origin,
                maxDuration: options.maxMinutes
            ),
            key: key,
            signers: signers,
            metrics: metrics,
            log: log
        )
        let router = RequestRouter(
            services: services,
            installation: AgentInstallation(
                store: store,
                pool: pool,
                origin: options.origin,
                authoritiesPath: certificate == nil ? nil : certificates.authorityPath,
                programPath: options.agentProgram
            ),
            console: try options.consoleFolder.map { folder in
                try ConsolePages(folder: folder, origin: options.origin)
            },
            metrics: metrics
        )
        for record in try store.liveSessions(of: node) {
            try relay.adopt(record, type: SessionDocuments.type(record.documentName, record.parameters)).wait()
        }
        try relay.loop.submit { relay.start() }.wait()
        var channels: [any Channel] = []
        for address in options.listen {
            channels.append(try listen(address, certificate, router, metrics, limiter, group.next()))
        }
        if options.consoleFolder != nil, let endpoint = channels.first.flatMap({ Daemon.endpoint(of: $0) }) {
            let own = "\(certificate == nil ? "http" : "https")://\(endpoint)"
            log.notice("console", metadata: ["address": "\(options.origin.serverURL ?? own)\(ConsolePages.path)"])
        }
        lock.note(channels.compactMap { Daemon.endpoint(of: $0) }.joined(separator: ", "))
        if certificate == nil {
            log.warning(
                "serving plain HTTP: there are no certificates, so this machine's own programs only are served",
                metadata: ["hint": "latchkeyd init makes certificates"]
            )
        }
        if let launching { channels += try launching.listen(router, metrics, limiter, group.next()) }
        let watch = launching?.watch(group.next())
        let keeper = CertificateKeeper(
            certificates,
            [certificate, launching?.certificate].compactMap { $0 },
            metrics: metrics,
            log: log
        )
        try announce(
            channels.first?.localAddress?.port,
            isSecure: certificate != nil,
            AccessKeys(store: store, key: key),
            store
        )
        let tickers = [
            try RevocationWatch(signers: signers, relay: relay, log: log).start(),
            try SessionHistory(store: store, log: log).start(), try keeper.start(), try commands.start(),
            try ConsoleSessionKeeper(sessions: consoleSessions, relay: relay, log: log).start(),
        ]
        waitForStop()
        log.notice("stopping")
        for channel in channels { try? channel.close().wait() }
        for ticker in tickers { ticker.stop() }
        watch?.cancel()
        launching?.launcher.finish()
        launchPool.stop()
        try? relay.loop.submit { relay.stop() }.wait()
        events.stop()
        pool.stop()
        try? group.syncShutdownGracefully()
    }

    /// All agents may come back at once, as after a restart.
    private static let connectionLimit = 16_500

    /// For some eight thousand sessions, which need two each.
    private static let wantedFiles = rlim_t(connectionLimit)

    /// Takes as many open files as this process may have.
    private func allowManyConnections() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < Daemon.wantedFiles else { return }
        log.warning(
            "few open files are allowed: raise the limit (ulimit -Hn, LimitNOFILE=) for more sessions",
            metadata: ["limit": "\(limit.rlim_cur)", "sessions": "\(limit.rlim_cur / 2)"]
        )
    }

    private func listen(
        _ address: ListenAddress,
        _ certificate: ServerCertificate?,
        _ router: RequestRouter,
        _ metrics: ServerMetrics,
        _ limiter: ConnectionLimiter,
        _ loop: any EventLoop
    ) throws -> any Channel {
        let security: Listener.Security
        switch (certificate, address.isLoopback) {
        case (let certificate?, true): security = .either(certificate)
        case (let certificate?, false): security = .secure(certificate)
        case (nil, true): security = .plain
        case (nil, false):
            throw LatchkeyError(
                .configurationInvalid,
                "without TLS latchkeyd listens on this machine's own addresses only, not on '\(address)'",
                hint: "latchkeyd init makes certificates"
            )
        }
        do {
            let channel =
                try loop.makeFutureWithTask {
                    try await Listener(security: security, responder: router, metrics: metrics, limiter: limiter)
                        .bind(host: address.host, port: address.port, loop: loop)
                }
                .wait()
            log.notice(
                "listening",
                metadata: [
                    "address": "\(Daemon.endpoint(of: channel) ?? "\(address)")",
                    "tls": "\(certificate == nil ? "no" : address.isLoopback ? "optional" : "yes")",
                ]
            )
            return channel
        } catch {
            throw LatchkeyError(
                .fileUnusable,
                "cannot listen on '\(address)': \(Daemon.message(error))",
                hint: Daemon.hint(error)
            )
        }
    }

    /// `127.0.0.1:8443`
    private static func endpoint(of channel: any Channel) -> String? {
        guard let address = channel.localAddress, let host = address.ipAddress, let port = address.port else {
            return nil
        }
        return HostText.endpoint(host, port)
    }

    static func message(_ error: any Error) -> String {
        if let error = error as? IOError { return SystemError(error.errnoCode).message }
        if error is SocketAddressError.UnknownHost { return "the name cannot be resolved" }
        return "\(error)".terminalSafe
    }

    private static func hint(_ error: any Error) -> String {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: "another latchkeyd may run already; --listen names another address"
        case EACCES: "ports below 1024 take a right of their own, as AmbientCapabilities=CAP_NET_BIND_SERVICE of a unit"
        default: "--listen takes an address of this machine, or 0.0.0.0 for all of them"
        }
    }

    /// Tells programs of the same home where this server is, and gives them an access key of their own.
    private func announce(_ port: Int?, isSecure: Bool, _ accessKeys: AccessKeys, _ store: any ServerStore) throws {
        let known = try LocalServer.read(folders)
        let key: (id: String, secret: String)
        if let known, try store.accessKey(known.accessKeyID) != nil {
            key = (known.accessKeyID, known.secretAccessKey)
        } else {
            let made = try accessKeys.make(userName: Environment.userName, isAdmin: true)
            key = (made.0.id, made.secret)
        }
        let first = options.listen.first
        let host = first.map { $0.isWildcard ? "127.0.0.1" : $0.host } ?? "127.0.0.1"
        var server = LocalServer(
            endpoint:
                "\(isSecure ? "https" : "http")://\(HostText.endpoint(host, port ?? first?.port ?? LocalServer.port))",
            region: options.region,
            authorities: isSecure ? Certificates(folders).authorityPath : nil,
            accessKeyID: key.id,
            secretAccessKey: key.secret
        )
        server.name = known?.name
        try server.write(folders)
    }
}
