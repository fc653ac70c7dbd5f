// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeyStore
internal import Logging

/// What becomes of instances without being asked for.
extension DockerLauncher {
    /// Seconds for which a terminated instance is still told of.
    private static let memory = 3600.0
    /// Seconds after its start in which an instance's console is looked at for host keys: an agent comes first.
    private static let bootTimes = 3.0..<120.0

    /// Forgets instances that were terminated an hour ago, as EC2 does.
    package func forget() throws {
        try store.removeTerminatedLaunches(before: Date().addingTimeInterval(-DockerLauncher.memory))
    }

    /// Looks once whether the containers are what the store says of them, writes down where they are not, and goes on with what
    /// was begun and has no job.
    ///
    /// - Throws: the first failure, once all instances were looked at.
    package func reconcile() throws {
        // What had a job while the questions were asked is looked at the next time: their answers are of different moments.
        let turns = turns()
        let records = try store.launches()
        keepTurns(of: Set(records.map(\.instanceID)))
        guard !records.isEmpty else { return }
        let instances = try store.instances(withIDs: records.map(\.instanceID))
        let known = Dictionary(instances.map { ($0.id, $0) }) { first, _ in first }
        let containers = try engine.containers(label: "\(DockerLauncher.homeLabel)=\(home)")
        let seen = Dictionary(containers.map { ($0.id, $0) }) { first, _ in first }
        var failure: (any Error)?
        for record in records {
            guard let instance = known[record.instanceID], !hadJob(instance.id, since: turns) else { continue }
            do { try reconcile(instance, record, record.container.flatMap { seen[$0] }) } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func reconcile(_ instance: Instance, _ record: LaunchRecord, _ container: DockerEngine.Container?) throws {
        func set(_ state: InstanceState, _ reason: LaunchRecord.StateReason?) throws {
            let before = try store.setState(
                of: instance.id,
                state,
                from: [instance.state],
                unchangedSince: record.stateChanged,
                reason: reason,
                at: Date()
            )
            if before != nil, state == .stopped { onStop(instance.id) }
        }
        switch instance.state {
        case .pending, .stopping, .shuttingDown: converge(instance.id)
        case .running where container == nil, .stopped where container == nil:
            try markTerminated(instance.id, instance.state, unchangedSince: record.stateChanged)
        case .running where container?.runs == false: try set(.stopped, .selfStopped)
        case .running: try learnHostKeys(of: instance, record)
        case .stopped where container?.runs == true: try set(.running, nil)
        case .stopped, .terminated: break
        }
    }

    /// Pins the host keys that a new instance has printed on its console, as cloud-init does. It is for images without an agent,
    /// whose report comes first, and counts for more when it comes later.
    private func learnHostKeys(of instance: Instance, _ record: LaunchRecord) throws {
        guard DockerLauncher.bootTimes.contains(Date().timeIntervalSince(record.launched)), instance.hostKeys.isEmpty,
            let container = record.container, try store.managedInstanceIDs(among: [instance.id]).isEmpty
        else { return }
        let console = try engine.log(of: container, lines: 20_000)
        // Without its beginning, it may be all words of those who have logged in.
        guard console.isWhole else { return }
        let text = String(decoding: console.text, as: UTF8.self)
        let keys = HostKeyText.keys(onConsole: text).map { HostKey(key: $0, source: .console, pinned: Date()) }
        guard !keys.isEmpty else { return }
        do { try store.pinHostKeys(keys, for: instance.id) } catch let error as LatchkeyError
            where error.code == .hostKeyChanged
        {
            // The agent has reported others at this moment.
            log.notice("console's host keys left aside", metadata: ["instance": "\(instance.id)"])
        }
    }
}
