// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Restarts instances, and waits for that.
struct RebootInstancesOperation: EC2Operation {
    static let action: Action = "ec2:RebootInstances"

    let ec2: EC2Service

    func resources(of request: EC2.RebootInstances) -> [Resource] {
        (request.instanceId ?? []).map(Resource.instance)
    }

    func execute(_ request: EC2.RebootInstances, in context: OperationContext) async throws -> EC2.Done {
        let transition = StateTransition(to: .running, from: [.running], unchanged: [])
        _ = try await ec2.change(request, request.instanceId, transition, isAwaited: true) { launcher, id in
            do { try await launcher.reboot(id) } catch { await ec2.note(error, "reboot", id) }
        }
        return EC2.Done()
    }
}
