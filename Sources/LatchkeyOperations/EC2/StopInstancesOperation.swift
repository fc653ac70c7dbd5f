// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Stops instances that were launched here.
struct StopInstancesOperation: EC2Operation {
    static let action: Action = "ec2:StopInstances"

    let ec2: EC2Service

    func resources(of request: EC2.StopInstances) -> [Resource] {
        (request.instanceId ?? []).map(Resource.instance)
    }

    func execute(_ request: EC2.StopInstances, in context: OperationContext) async throws -> EC2.StateChanges {
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
        return try await ec2.change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.stop(id, force: force) } catch { await ec2.note(error, "stop", id) }
        }
    }
}
