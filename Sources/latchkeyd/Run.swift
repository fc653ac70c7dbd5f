// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyServer
internal import LatchkeySystem
internal import Logging

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve until asked to stop.",
        discussion: """
            By default for this machine only. Elsewhere it listens with TLS only, for which latchkeyd init makes the \
            certificates.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Where to listen, this machine's own 8443 unless init was told another port; may be given several times.",
            valueName: "host:port"
        ),
        transform: { text in
            guard let address = ListenAddress(text) else {
                throw ValidationError("'\(text.terminalSafe)' is not HOST:PORT, with a port up to 65535")
            }
            return address
        }
    )
    var listen: [ListenAddress] = []

    @OptionGroup var proxy: ProxyOptions

    @Option(help: ArgumentHelp("Minutes without input or output after which a session ends.", valueName: "minutes"))
    var idleTimeout = 20

    @Option(
        help: ArgumentHelp(
            "Minutes after which a session ends in any case; without a limit unless given.",
            valueName: "minutes"
        )
    )
    var maxDuration: Int?

    @Option(
        help: ArgumentHelp(
            "Connections that may be open without having authenticated; a quarter of all, 2048 at the most, unless given.",
            valueName: "count"
        )
    )
    var maxUnauthenticated: Int?

    @Option(
        help: ArgumentHelp(
            "The same from one IPv4 address or IPv6 /64 network, 64 unless given.",
            valueName: "count"
        )
    )
    var maxUnauthenticatedPerSource: Int?

    @Option(help: "The region that clients of this home name; else the one that init was told.")
    var region: String?

    @Flag(help: "Launch instances as containers, through a Docker engine.")
    var docker = false

    @Option(help: ArgumentHelp("The engine's socket; else DOCKER_HOST's, else the standard one.", valueName: "path"))
    var dockerSocket: String?

    @Option(
        help: ArgumentHelp(
            "Where instances find the metadata service at this machine; their agents dial in at the next port.",
            valueName: "port"
        )
    )
    var metadataPort = 8775

    @Option(
        help: ArgumentHelp(
            """
            A file or folder of this machine that launched instances see; may be given several times. The agent's \
            program, beside this one, is one of them by itself.
            """,
            valueName: "here:there"
        )
    )
    var volume: [String] = []

    @Flag(help: "Serve no console: no shells in a browser.")
    var noConsole = false

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "info"

    func validate() throws {
        if !(1...1440).contains(idleTimeout) { throw ValidationError("--idle-timeout must be 1 to 1440 minutes") }
        if let maxDuration, !(1...525_600).contains(maxDuration) {
            throw ValidationError("--max-duration must be 1 to 525600 minutes")
        }
        for (name, count) in [
            ("--max-unauthenticated", maxUnauthenticated),
            ("--max-unauthenticated-per-source", maxUnauthenticatedPerSource),
        ] {
            if let count, !(1...1_000_000).contains(count) { throw ValidationError("\(name) must be 1 to 1000000") }
        }
        if !(1...65534).contains(metadataPort) { throw ValidationError("--metadata-port must be 1 to 65534") }
        if !docker, dockerSocket != nil || !volume.isEmpty { throw ValidationError("--docker is missing") }
        if let wrong = volume.first(where: { $0.split(separator: ":").count != 2 || !$0.hasPrefix("/") }) {
            throw ValidationError("'\(wrong.terminalSafe)' is not HERE:THERE, two whole paths")
        }
        if Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError("--log-level must be trace, debug, info, notice, warning or error")
        }
    }

    func run() throws {
        // Before any thread is there, so that all of them leave these to the wait below.
        var stops = sigset_t()
        sigemptyset(&stops)
        for number in [SIGTERM, SIGINT] { sigaddset(&stops, number) }
        pthread_sigmask(SIG_BLOCK, &stops, nil)
        signal(SIGPIPE, SIG_IGN)
        var log = Logger(label: "latchkeyd") { _ in EventLogHandler() }
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var options = Daemon.Options()
        let known = try LocalServer.read(.current)
        options.listen = listen
        if listen.isEmpty { options.listen = [ListenAddress(host: "127.0.0.1", port: known?.port ?? LocalServer.port)] }
        options.region = region ?? known?.region ?? options.region
        options.origin = try proxy.origin()
        options.idleMinutes = idleTimeout
        options.maxMinutes = maxDuration
        options.maxUnauthenticated = maxUnauthenticated
        options.maxUnauthenticatedPerSource = maxUnauthenticatedPerSource
        options.agentProgram = Run.agentProgram
        if !noConsole {
            options.consoleFolder = Run.consoleFolder
            if options.consoleFolder == nil {
                log.warning(
                    "serving without the console: its files are not beside this program",
                    metadata: ["hint": "make install puts them in share/latchkey/console"]
                )
            }
        }
        if docker { options.launching = try launchOptions }
        defer { LogQueue.shared.finish() }
        try Daemon(folders: .current, options: options, log: log)
            .run {
                var number: Int32 = 0
                sigwait(&stops, &number)
            }
    }

    /// The agent's program beside this one; nil if there is none.
    private static var agentProgram: String? {
        Environment.executableFolder.map { "\($0)/latchkey-agent" }.flatMap { access($0, X_OK) == 0 ? $0 : nil }
    }

    /// Where the console's files are: below the place where this program is installed, or where it was built; nil if in neither.
    private static var consoleFolder: String? {
        let folder = Environment.executableFolder ?? "."
        return ["\(folder)/../share/latchkey/console", "\(folder)/../../console"]
            .first { access("\($0)/index.html", R_OK) == 0 }
    }

    private var launchOptions: Daemon.LaunchOptions {
        get throws(LatchkeyError) {
            var launching = Daemon.LaunchOptions()
            if let dockerSocket {
                launching.socket = dockerSocket
            } else if let host = Environment.value("DOCKER_HOST") {
                guard host.hasPrefix("unix://") else {
                    throw LatchkeyError(
                        .configurationInvalid,
                        "DOCKER_HOST is '\(host.terminalSafe)': only an engine of this machine launches instances",
                        hint: "--docker-socket names its socket"
                    )
                }
                launching.socket = String(host.dropFirst(7))
            }
            launching.metadataPort = metadataPort
            if let agent = Run.agentProgram { launching.volumes = ["\(agent):/usr/local/bin/latchkey-agent:ro"] }
            launching.volumes += volume.map { "\($0):ro" }
            return launching
        }
    }
}
