// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Starts instances that were stopped.
struct StartInstancesOperation: EC2Operation {
    static let action: Action = "ec2:StartInstances"

    let ec2: EC2Service

    func resources(of request: EC2.StartInstances) -> [Resource] {
        (request.instanceId ?? []).map(Resource.instance)
    }

    func execute(_ request: EC2.StartInstances, in context: OperationContext) async throws -> EC2.StateChanges {
        let transition = StateTransition(to: .pending, from: [.stopped], unchanged: [.pending, .running])
        return try await ec2.change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.start(id) } catch { await ec2.note(error, "start", id, to: .stopped) }
        }
    }
}
