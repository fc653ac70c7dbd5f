// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Tells who is asking.
struct GetCallerIdentityOperation: Operation {
    static let action: Action = "sts:GetCallerIdentity"

    func execute(
        _ request: STS.GetCallerIdentity,
        in context: OperationContext
    ) async throws -> STS.GetCallerIdentity.Response {
        guard case .user(let name, _, _) = context.principal else {
            throw ServiceError.denied("only a user may do this")
        }
        return STS.GetCallerIdentity.Response(arn: context.callerARN, userId: name, account: Principal.account)
    }
}
