// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyStore

/// Lets agents register themselves, so many times and for so long.
struct CreateActivationOperation: SystemsManagerOperation {
    static let action: Action = "ssm:CreateActivation"

    let ssm: SystemsManager

    func execute(_ request: CreateActivation, in context: OperationContext) async throws -> CreateActivation.Response {
        let limit = request.registrationLimit ?? 1
        guard (1...1000).contains(limit) else { throw ServiceError.invalid("'registrationLimit' must be 1 to 1000") }
        let now = Date()
        let expiration = request.expirationDate ?? now.addingTimeInterval(24 * 3600)
        guard expiration > now, expiration < now.addingTimeInterval(30 * 24 * 3600 + 60) else {
            throw ServiceError.invalid("'expirationDate' must lie within the next 30 days")
        }
        let tags = Dictionary((request.tags ?? []).map { ($0.key, $0.value) }) { $1 }
        let (activation, code) = try Activations.make(
            description: request.description,
            defaultInstanceName: request.defaultInstanceName,
            iamRole: request.iamRole,
            limit: limit,
            expiration: expiration,
            tags: tags,
            now: now
        )
        try await pool.write { try store.add(activation, codeDigest: Digest.sha256(Array(code.utf8))) }
        return CreateActivation.Response(activationId: activation.id, activationCode: code)
    }
}
