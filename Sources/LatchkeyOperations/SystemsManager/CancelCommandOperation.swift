// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyStore

/// Takes back a command that has not ended everywhere.
struct CancelCommandOperation: SystemsManagerOperation {
    static let action: Action = "ssm:CancelCommand"

    let ssm: SystemsManager

    func execute(_ request: CancelCommand, in context: OperationContext) async throws -> EmptyResponse {
        let (id, instances) = (request.commandId, request.instanceIds.flatMap { $0.isEmpty ? nil : $0 })
        _ = try await ssm.shape(of: id)
        let told = try await pool.write { try store.cancel(id, on: instances, at: Date()) }
        commands.cancel(id, on: told)
        return EmptyResponse()
    }
}
