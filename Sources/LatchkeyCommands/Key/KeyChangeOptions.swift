// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySSH
internal import LatchkeyTerminal

/// The options of the commands that change which keys open instances, and how their outcome is shown.
struct KeyChangeOptions: ParsableArguments {
    @Argument(help: "The instances.", completion: .custom(Completions.instances))
    var names: [String] = []

    @Option(
        help: ArgumentHelp(
            "All instances that match, such as tag:env=prod; may be given several times.",
            valueName: "selector"
        )
    )
    var on: [String] = []

    @Option(name: [.short, .long], help: "The user to log in as; else the instance's own.")
    var user: String?

    @Option(
        help: ArgumentHelp(
            "The only road to take: ssh or ssh-over-relay; else the latter where the port is not reached.",
            valueName: "road"
        )
    )
    var road: Road?

    @OptionGroup var passphrase: PassphraseOptions

    @Flag(name: [.customShort("N"), .long], help: "Only tell what would be done.")
    var dryRun = false

    @Option(name: .shortAndLong, help: "How many instances at once.")
    var jobs = 8

    @OptionGroup var reach: TimeoutOption

    @Flag(name: .shortAndLong, help: "Tell each step, with its time; one instance at a time.")
    var verbose = false

    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    mutating func validate() throws {
        if names.isEmpty && on.isEmpty { throw ValidationError("no instance is named; name some, or use --on") }
        if road == .relay { throw ValidationError("keys are changed over SSH: --road ssh or --road ssh-over-relay") }
        if !(1...64).contains(jobs) { throw ValidationError("--jobs must be between 1 and 64") }
    }

    /// A name stands for one instance, `--on` for all that match.
    ///
    /// - Throws: `instanceNotFound`, `instanceAmbiguous`.
    private func instances(_ store: any ControlPlane) throws -> [Instance] {
        var found = try names.map { try store.instance(named: $0) }
        for selector in on {
            let matches = try store.instances(matching: InstanceSelector(selector), limit: .max)
            guard !matches.isEmpty else { throw LatchkeyError.instanceNotFound(selector) }
            found += matches
        }
        var seen: Set<Instance.ID> = []
        return found.filter { seen.insert($0.id).inserted }
    }

    /// Does it to every instance with the key that `text` names, and shows what became of each.
    ///
    /// - Throws: what `key(_:_:_:_:unlocks:)` and `instances(_:)` throw; `ExitCode(1)` if it failed for one.
    func run(
        _ verb: String,
        key text: String,
        unlocks: Bool,
        _ body: @escaping @Sendable (Broker, Instance, NewKey, Broker.Options) throws -> KeyChange
    ) throws {
        let access = control.access()
        let store = try access.plane()
        let keyring = try passphrase.keyring()
        let new = try key(text, store, access, keyring, unlocks: unlocks)
        let instances = try instances(store)
        var options = Broker.Options()
        options.user = user
        options.timeout = reach.seconds
        options.road = road
        options.isAttended = instances.count == 1
        let settled = options
        let trace = verbose ? Trace.on(TerminalInteraction()) : .off
        if let instance = instances.first, instances.count == 1, on.isEmpty {
            return try tell([try body(try access.broker(store, trace, keyring), instance, new, settled)])
        }
        let bar = ProgressBar(verb, total: instances.count)
        if !verbose { bar.show(0) }
        let changes = try Fleet.each(instances, jobs: verbose ? 1 : jobs) { results in
            guard !verbose else { return }
            let failed = results.count { $0.outcome == .failed }
            bar.show(results.count, note: failed > 0 ? "\(failed) failed" : "")
        } _: { instance in
            do {
                // A connection to the store of its own, and a library: neither is shared between threads.
                let broker = try access.broker(try access.plane(), trace, keyring)
                return try body(broker, instance, new, settled)
            } catch let error as LatchkeyError {
                let hint = error.hint.map { " (\($0))" } ?? ""
                return KeyChange(instance, .failed, error.message + hint)
            } catch {
                return KeyChange(instance, .failed, "\(error)".terminalSafe)
            }
        }
        bar.clear()
        try tell(changes)
        if changes.contains(where: { $0.outcome == .failed }) { throw ExitCode(1) }
    }

    private func tell(_ changes: [KeyChange]) throws {
        switch show.output {
        case .json: try Output.print(json: changes)
        case .table:
            var table = Table(["INSTANCE", "RESULT", "DETAIL"])
            table.rows = changes.map { [$0.instance.terminalSafe, $0.outcome.rawValue, $0.detail] }
            Output.print(table.rendered)
            guard changes.count > 1 else { return }
            let counts = [KeyChange.Outcome.replaced, .installed, .unchanged, .planned, .failed]
                .map { outcome in (outcome, changes.count { $0.outcome == outcome }) }
                .filter { $0.1 > 0 }
                .map { "\($0.1) \($0.0.rawValue)" }
            Console.note("latchkey: \(counts.joined(separator: ", "))")
        }
    }

    /// The key that `text` names, with its private half if that is here.
    ///
    /// - Throws: `keyNotFound`, `keyUnusable`, and what unlocking it throws.
    private func key(
        _ text: String,
        _ store: any ControlPlane,
        _ access: ControlAccess,
        _ keyring: Keyring,
        unlocks: Bool
    ) throws -> NewKey {
        let broker = try access.broker(store, .off, keyring)
        let pair = text.contains("/") ? nil : try store.keyPair(named: text)
        if let pair, !unlocks {
            return NewKey(publicKey: pair.publicKey, comment: pair.name, pairName: pair.name, proposal: nil)
        }
        if !unlocks, pair == nil, InputFile.exists(text), case .publicKey(let source) = try KeySource(text) {
            let comment = String(source.comment.terminalSafe.prefix(200))
            return NewKey(publicKey: source.key, comment: comment, pairName: nil, proposal: nil)
        }
        var proposal = try broker.namedKey(text)
        // A public half that only stands in the file beside it may be another key's.
        if unlocks || proposal.candidate.publicKey == nil || proposal.candidate.isClaimed {
            proposal = try broker.unlocked(proposal)
        }
        guard let known = proposal.candidate.publicKey else { throw LatchkeyError.keyNotFound(text) }
        let key = pair?.publicKey ?? known.certifiedKey ?? known
        let name = try pair?.name ?? store.keyPairs().first { $0.publicKey == key }?.name
        let stem = proposal.candidate.stem?.terminalSafe ?? "latchkey"
        return NewKey(publicKey: key, comment: name ?? stem, pairName: name, proposal: proposal)
    }
}
