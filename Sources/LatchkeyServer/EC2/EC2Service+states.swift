// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging

extension EC2Service {
    func startInstances(_ request: EC2.StartInstances) async throws -> EC2.StateChanges {
        let transition = StateTransition(to: .pending, from: [.stopped], unchanged: [.pending, .running])
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.start(id) } catch { await note(error, "start", id, to: .stopped) }
        }
    }

    func stopInstances(_ request: EC2.StopInstances) async throws -> EC2.StateChanges {
        if request.hibernate == true {
            throw ServiceError(code: "UnsupportedHibernationConfiguration", message: "Instances cannot hibernate")
        }
        let force = request.force == true || request.skipOsShutdown == true
        let transition = StateTransition(
            to: .stopping,
            from: [.running],
            unchanged: [.stopping, .stopped],
            reason: .userStopped
        )
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.stop(id, force: force) } catch { await note(error, "stop", id) }
        }
    }

    func terminateInstances(_ request: EC2.TerminateInstances) async throws -> EC2.StateChanges {
        let transition = StateTransition(
            to: .shuttingDown,
            from: [.pending, .running, .stopping, .stopped],
            unchanged: [.shuttingDown, .terminated],
            reason: .userStopped
        )
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.terminate(id) } catch { await note(error, "terminate", id) }
        }
    }

    func rebootInstances(_ request: EC2.RebootInstances) async throws -> EC2.Done {
        let transition = StateTransition(to: .running, from: [.running], unchanged: [])
        _ = try await change(request, request.instanceId, transition, isAwaited: true) { launcher, id in
            do { try await launcher.reboot(id) } catch { await note(error, "reboot", id) }
        }
        return EC2.Done()
    }

    /// Changes states, and has the machines follow, all at once. One that is on its way already is told again, in case that
    /// nobody heard.
    ///
    /// - Parameter isAwaited: whether the answer waits for them, as where the states do not tell.
    private func change(
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
        let changes = try await pool.write { try store.change(ids, transition, at: Date()) }
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
}
