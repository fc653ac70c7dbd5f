// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyControl
internal import LatchkeyModel
internal import LatchkeyServer
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
        help: ArgumentHelp("Where to listen; may be given several times.", valueName: "host:port"),
        transform: { text in
            guard let address = ListenAddress(text) else {
                throw ValidationError("'\(text.terminalSafe)' is not HOST:PORT, with a port up to 65535")
            }
            return address
        }
    )
    var listen: [ListenAddress] = [ListenAddress(host: "127.0.0.1", port: 8443)]

    @Option(help: ArgumentHelp("Minutes without input or output after which a session ends.", valueName: "minutes"))
    var idleTimeout = 20

    @Option(
        help: ArgumentHelp(
            "Minutes after which a session ends in any case; without a limit unless given.",
            valueName: "minutes"
        )
    )
    var maxDuration: Int?

    @Option(help: "The region that clients of this home name.")
    var region = "local"

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "info"

    func validate() throws {
        if !(1...1440).contains(idleTimeout) { throw ValidationError("--idle-timeout must be 1 to 1440 minutes") }
        if let maxDuration, !(1...525_600).contains(maxDuration) {
            throw ValidationError("--max-duration must be 1 to 525600 minutes")
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
        var log = Logger(label: "latchkeyd") { _ in JSONLogHandler() }
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var options = Daemon.Options()
        options.listen = listen
        options.region = region
        options.idleMinutes = idleTimeout
        options.maxMinutes = maxDuration
        try Daemon(folders: .current, options: options, log: log)
            .run {
                var number: Int32 = 0
                sigwait(&stops, &number)
            }
    }
}
