// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySystem
internal import LatchkeyTerminal

/// `--no-wait` and `--timeout`, where something takes its time.
struct WaitOptions: ParsableArguments {
    @Flag(name: .customLong("no-wait"), help: "Do not wait until it is done.")
    var isUnwanted = false

    @Option(help: ArgumentHelp("Seconds to wait at the most.", valueName: "seconds"))
    var timeout = 60

    /// Microseconds between two looks.
    private static let interval: UInt32 = 200_000

    mutating func validate() throws {
        if !(1...3600).contains(timeout) { throw ValidationError("--timeout must be between 1 and 3600 seconds") }
    }

    var isWanted: Bool { !isUnwanted }

    /// The moment until which a command waits, on ``SystemClock``.
    struct Deadline {
        fileprivate let date: Int64
    }

    var deadline: Deadline { Deadline(date: SystemClock.microseconds() + Int64(timeout) * 1_000_000) }

    /// Waits until all instances are in a state.
    ///
    /// - Parameter names: what to call them, by their ids.
    /// - Throws: `instanceNotRunning` if one ends up elsewhere, or does not get there in time.
    func wait(
        for names: [Instance.ID: String],
        until state: InstanceState,
        _ operations: EC2Operations,
        _ deadline: Deadline
    ) throws {
        var rest = names
        let isThere = try poll(deadline) {
            let progress = try operations.progress(of: Array(rest.keys))
            for (id, name) in rest {
                // What is forgotten was terminated before.
                let now = progress[id] ?? EC2Operations.Progress(state: .terminated)
                // A state that is not known may be one on the way.
                guard let seen = now.state else { continue }
                if seen == state {
                    rest[id] = nil
                } else if !seen.isPassing {
                    let why = now.reason.map { ": \($0)" } ?? ""
                    throw LatchkeyError(.instanceNotRunning, "'\(name)' (\(id)) is \(seen.rawValue)\(why)")
                }
            }
            return rest.isEmpty
        }
        if !isThere {
            throw LatchkeyError(
                .instanceNotRunning,
                "not there after \(timeout) s: \(rest.map { "'\($1)' (\($0))" }.sorted().joined(separator: ", "))",
                hint: "latchkey instance list shows how far they are"
            )
        }
    }

    /// Waits until an instance that runs can be entered; that it cannot be is told, and no failure.
    func waitForEntry(_ id: Instance.ID, _ plane: any ControlPlane, _ broker: Broker, _ deadline: Deadline) throws {
        var lack: String?
        var name = id
        _ = try poll(deadline) {
            // Looked up each time, since its host keys may have been told meanwhile.
            guard let instance = try plane.instances(withIDs: [id]).first else { return false }
            name = instance.displayName
            lack = try broker.readiness(of: instance).lack
            return lack == nil
        }
        if let lack { Console.note("latchkey: note: '\(name)' runs, but \(lack)") }
    }

    private func poll(_ deadline: Deadline, _ isThere: () throws -> Bool) throws -> Bool {
        while true {
            if try isThere() { return true }
            if SystemClock.microseconds() >= deadline.date { return false }
            usleep(WaitOptions.interval)
        }
    }
}

extension InstanceState {
    /// Whether it is on its way to another state by itself.
    fileprivate var isPassing: Bool {
        switch self {
        case .pending, .stopping, .shuttingDown: true
        case .running, .stopped, .terminated: false
        }
    }
}
