// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Ends an activation; what has registered with it stays.
struct DeleteActivationOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DeleteActivation"

    let ssm: SystemsManager

    func execute(_ request: DeleteActivation, in context: OperationContext) async throws -> EmptyResponse {
        try await pool.write {
            do { try store.removeActivation(request.activationId) } catch let error as LatchkeyError
                where error.code == .activationInvalid
            {
                throw ServiceError(code: "InvalidActivation", message: error.message)
            }
        }
        return EmptyResponse()
    }
}
