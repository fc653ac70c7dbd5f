// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyStore
internal import Logging

/// Launching instances, and changing their states.
extension EC2Service {
    /// Changes states, and has the machines follow, all at once. One that is on its way already is told again, in case
    /// the first request was lost.
    ///
    /// - Parameter isAwaited: whether the answer waits for them, as where the states do not tell.
    func change(
        _ request: some EC2.Request,
        _ ids: [String]?,
        _ transition: StateTransition,
        isAwaited: Bool = false,
        _ follow: @escaping @Sendable (any InstanceLauncher, Instance.ID) async -> Void
    ) async throws -> EC2.StateChanges {
        let ids = try EC2Service.instanceIDs(ids ?? [])
        if ids.isEmpty { throw ServiceError.combination("No instances specified") }
        // One that has died a moment ago is not to be taken for one that runs.
        do { try await launcher?.refresh() } catch { log.error("instances", metadata: ["error": "\(error)"]) }
        _ = try await pool.write { try store.change(ids, transition, isTrial: true, at: Date()) }
        let launcher = try requireLauncher()
        try checkDryRun(request)
        let changes = try await pool.write { try store.change(ids, transition, isTrial: false, at: Date()) }
        // A new machine is told once only: it may be on its way from elsewhere.
        let moved = changes.filter { change in
            change.after == transition.state && (change.before != change.after || transition.state != .pending)
        }
        let following = Task {
            await withTaskGroup(of: Void.self) { group in
                for change in moved { group.addTask { await follow(launcher, change.id) } }
            }
        }
        if isAwaited { await following.value }
        return EC2.StateChanges(
            instancesSet: changes.map { change in
                EC2.StateChange(
                    instanceId: change.id,
                    currentState: EC2.State(change.after),
                    previousState: EC2.State(change.before)
                )
            }
        )
    }

    static let launchLimit = 100

    static func isType(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// - Parameter state: what an instance that is pending becomes for want of what failed; nil to leave it as it is.
    func note(
        _ error: any Error,
        _ what: String,
        _ id: Instance.ID,
        to state: InstanceState? = nil
    ) async {
        log.error("an instance could not \(what)", metadata: ["instance": "\(id)", "error": "\(error)"])
        guard let state else { return }
        let why = (error as? LatchkeyError)?.message ?? "the server's log says why"
        do {
            _ = try await pool.write {
                try store.setState(of: id, state, from: [.pending], reason: .internalError(why), at: Date())
            }
        } catch {
            log.error("a state could not be noted", metadata: ["instance": "\(id)", "error": "\(error)"])
        }
    }
}
