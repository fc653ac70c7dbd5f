// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel

/// The options of every command that enters an instance.
struct EntryOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The user to log in as; else the instance's own.")
    var user: String?

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("The key to use: a file or a key pair's name.", valueName: "key"),
        completion: .custom(Completions.keys)
    )
    var key: String?

    @Option(name: [.short, .long], help: "The port that sshd listens on; else the instance's own.")
    var port: Int?

    @OptionGroup var reach: TimeoutOption

    @Flag(name: .shortAndLong, help: "Tell each step, with its time.")
    var verbose = false

    mutating func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port must be between 1 and 65535") }
    }

    var trace: Trace { verbose ? .on(TerminalInteraction()) : .off }

    var brokerOptions: Broker.Options {
        var options = Broker.Options()
        options.user = user
        options.key = key
        options.port = port
        options.timeout = reach.seconds
        return options
    }

    /// Runs `body`; what it throws is told with its cause under `-v`, and ends the process with `own`.
    func reporting<Value>(own: Int32, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as LatchkeyError {
            throw Failure.Reported(error: error, status: Failure.status(of: error, own: own), showsCause: verbose)
        }
    }
}
