// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyStore

/// Registers an agent with its key, which an activation allows.
struct RegisterManagedInstanceOperation: Operation {
    static let action: Action = "ssm:RegisterManagedInstance"
    /// It has nothing to sign with yet: the activation's code is what it shows.
    static let callers: Set<Principal.Kind> = [.anonymous]

    let agents: AgentService

    func execute(
        _ request: RegisterManagedInstance,
        in context: OperationContext
    ) async throws -> RegisterManagedInstance.Response {
        let (store, signers) = (agents.store, agents.signers)
        guard let key = Data(base64Encoded: request.publicKey), MachineKey.isUsable(publicKeyDER: Array(key)) else {
            throw ServiceError.invalid("'PublicKey' is not an RSA key of 2048 bits or more")
        }
        let instance = try await agents.pool.write {
            do {
                let instance = try store.register(
                    activationID: request.activationId,
                    codeDigest: Digest.sha256(Array(request.activationCode.utf8)),
                    publicKeyDER: Array(key),
                    machineFingerprint: request.fingerprint.cut(to: .machineFingerprint),
                    joins: request.latchkeyJoins ?? false,
                    at: context.time
                )
                // Its first request follows at once, and must not be verified with the registration before this one.
                _ = signers.currentAgent(instance.id)
                return instance
            } catch let error as LatchkeyError
                where [.activationInvalid, .activationExpired, .activationExhausted].contains(error.code)
            {
                throw ServiceError(code: "InvalidActivation", message: error.message)
            }
        }
        return RegisterManagedInstance.Response(instanceId: instance.id)
    }
}
