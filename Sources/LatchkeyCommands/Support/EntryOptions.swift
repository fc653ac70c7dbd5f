// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyControl
internal import LatchkeyModel
internal import LatchkeyRemote

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

    @Option(help: ArgumentHelp("Seconds for reaching the instance.", valueName: "seconds"))
    var timeout = 10

    @Flag(name: .shortAndLong, help: "Tell each step, with its time.")
    var verbose = false

    mutating func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port must be between 1 and 65535") }
        if !(1...3600).contains(timeout) { throw ValidationError("--timeout must be between 1 and 3600 seconds") }
    }

    var trace: Trace { verbose ? .on() : .off }

    var brokerOptions: Broker.Options {
        var options = Broker.Options()
        options.user = user
        options.key = key
        options.port = port
        options.timeout = timeout
        return options
    }

    /// Runs `body`; what it throws is told with its cause under `-v`, and ends the process with `own`.
    func reporting<Value>(own: Int32, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as LatchkeyError {
            throw Failure.Reported(error: error, status: Failure.status(of: error, own: own), showsCause: verbose)
        }
    }
}

/// Names for the shell to complete. A store that cannot be read completes nothing.
enum Completions {
    static func instances(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        let plane = plane(words)
        return ((try? plane?.names(beginningWith: prefix, limit: 1000)) ?? []).filter(isPlain)
    }

    static func keys(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        guard let pairs = try? plane(words)?.keyPairs() else { return [] }
        return pairs.map(\.name).filter(isPlain)
    }

    /// The control plane that the line so far is about; nobody is asked for a code while a shell completes.
    private static func plane(_ words: [String]) -> (any ControlPlane)? {
        func value(_ name: String) -> String? {
            words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
                ?? words.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        let choice = RemoteChoice.made(
            profile: value("--profile"),
            region: value("--region"),
            endpointURL: value("--endpoint-url"),
            allowsCleartext: words.contains("--insecure")
        )
        let access = try? ControlAccess(.current, words.contains("--local") ? nil : choice, askCode: nil) { _ in }
        return try? access?.plane()
    }

    /// A completion becomes part of a command line: nothing that a shell could read as more than a word.
    private static func isPlain(_ name: String) -> Bool { RemoteCommand.quoted(name) == name }
}
