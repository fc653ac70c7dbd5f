// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Removes instances for good.
struct TerminateInstancesOperation: EC2Operation {
    static let action: Action = "ec2:TerminateInstances"

    let ec2: EC2Service

    func resources(of request: EC2.TerminateInstances) -> [Resource] {
        (request.instanceId ?? []).map(Resource.instance)
    }

    func execute(_ request: EC2.TerminateInstances, in context: OperationContext) async throws -> EC2.StateChanges {
        let transition = StateTransition(
            to: .shuttingDown,
            from: [.pending, .running, .stopping, .stopped],
            unchanged: [.shuttingDown, .terminated],
            reason: .userStopped
        )
        return try await ec2.change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.terminate(id) } catch { await ec2.note(error, "terminate", id) }
        }
    }
}
