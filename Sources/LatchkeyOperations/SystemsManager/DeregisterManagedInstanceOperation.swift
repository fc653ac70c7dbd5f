// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// The end of a registration: what rests on it ends within a second.
struct DeregisterManagedInstanceOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DeregisterManagedInstance"

    let ssm: SystemsManager

    func resources(of request: DeregisterManagedInstance) -> [Resource] {
        [.instance(request.instanceId)]
    }

    func execute(_ request: DeregisterManagedInstance, in context: OperationContext) async throws -> EmptyResponse {
        let id = request.instanceId
        try await pool.write {
            guard try ssm.managed(id) != nil else {
                throw ServiceError(
                    code: "InvalidInstanceId",
                    message: "there is no instance '\(id.cut(to: .quotation))' that has registered itself"
                )
            }
            try store.removeInstance(id)
        }
        return EmptyResponse()
    }
}
