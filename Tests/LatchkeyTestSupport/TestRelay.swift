// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A latchkeyd that serves the home of one scratch, on a port of its own, and can be stopped and started again there.
package final class TestRelay {
    package let scratch: Scratch
    package let port: Int
    private let wrapper: [String]
    private let options: [String]
    private var daemon: BackgroundProcess?

    private init(_ scratch: Scratch, _ wrapper: [String], _ options: [String]) throws {
        self.scratch = scratch
        self.wrapper = wrapper
        self.options = options
        port = try TestRelay.freePort()
    }

    /// Runs `body` with one that serves, and ends it whatever happens.
    ///
    /// - Parameters:
    ///   - wrapper: words before the program's own, which start it in another way.
    ///   - options: of `latchkeyd run`.
    package static func with<Value>(
        _ scratch: Scratch,
        through wrapper: [String] = [],
        _ options: String...,
        body: (TestRelay) throws -> Value
    ) throws -> Value { try with(scratch, through: wrapper, options: options, body: body) }

    package static func with<Value>(
        _ scratch: Scratch,
        through wrapper: [String] = [],
        options: [String],
        body: (TestRelay) throws -> Value
    ) throws -> Value {
        let relay = try TestRelay(scratch, wrapper, options)
        try relay.latchkeyd("init", "--port", String(relay.port))
        try relay.start()
        defer { relay.daemon?.stop() }
        return try body(relay)
    }

    /// The certificate to trust.
    package var authority: String { "\(scratch.latchkeyHome)/tls/ca.pem" }
    package var endpoint: String { "https://127.0.0.1:\(port)" }
    private var logPath: String { "\(scratch.path)/latchkeyd.log" }

    /// Sends clients elsewhere, until the server is started again.
    package func redirectClients(to endpoint: String) throws {
        let path = "\(scratch.latchkeyHome)/latchkeyd.json"
        try scratch.write(path, try scratch.read(path).replacingOccurrences(of: self.endpoint, with: endpoint))
    }

    // MARK: The server

    /// Starts it, and waits until it serves.
    package func start(_ options: String...) throws { try start(options) }

    package func start(_ options: [String]) throws {
        let program = wrapper + [Scratch.program(named: "latchkeyd"), "run", "--listen", "127.0.0.1:\(port)"]
        daemon = try BackgroundProcess(program + self.options + options, environment: scratch.environment, log: logPath)
        try TestRelay.wait(for: "a latchkeyd at port \(port)", { try isHealthy() }, otherwise: { try log() })
    }

    /// Ends it by a signal.
    ///
    /// - Returns: its status; 128 and the number of the signal if it died by it.
    @discardableResult
    package func end(by signal: Int32) throws -> Int32 {
        defer { daemon = nil }
        return try daemon?.end(by: signal) ?? -1
    }

    /// Has it do nothing, and go on again.
    package func pause() throws { try daemon?.send(SIGSTOP) }
    package func resume() throws { try daemon?.send(SIGCONT) }

    /// What it has logged so far, a line of JSON for each event.
    package func log() throws -> String { try scratch.read(logPath) }

    /// Whether it has logged some text, or does so soon: its log is written on a thread of its own.
    package func logs(_ text: String) throws -> Bool {
        try TestRelay.wait(for: "'\(text)' in the log", { try log().contains(text) }, otherwise: { try log() })
        return true
    }

    package func isHealthy() throws -> Bool {
        try Execution.run(["curl", "-sf", "-m", "30", "http://127.0.0.1:\(port)/healthz"]).line == "ok"
    }

    /// A figure of `/metrics`.
    package func metric(_ name: String) throws -> Int {
        let text = try Execution.require(["curl", "-sf", "-m", "30", "http://127.0.0.1:\(port)/metrics"]).text
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw HarnessError("there is no figure \(name)")
        }
        return value
    }

    @discardableResult
    package func latchkeyd(_ arguments: String...) throws -> Execution {
        try Execution.require([Scratch.program(named: "latchkeyd")] + arguments, environment: scratch.environment)
    }

    // MARK: Waiting

    /// Waits until a condition holds.
    ///
    /// - Throws: what `otherwise` says, after ``Execution/timeout`` seconds.
    package static func wait(
        for what: String,
        _ condition: () throws -> Bool,
        otherwise: () throws -> String = { "" }
    ) throws {
        let deadline = Date().addingTimeInterval(Double(Execution.timeout))
        repeat {
            if try condition() { return }
            usleep(50_000)
        } while Date() < deadline
        throw HarnessError("waited for \(what): \(try otherwise())")
    }

    /// A port at which nothing listens, and which no other test is given.
    package static func freePort() throws -> Int { try Ports.take() }

    /// The first of two such ports beside each other.
    package static func freePortPair() throws -> Int { try Ports.take(2) }
}
