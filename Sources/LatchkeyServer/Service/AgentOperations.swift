// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import NIOCore

/// The operations that agents ask for.
struct AgentOperations: Sendable {
    let store: Store
    let authenticator: Authenticator
    let relay: Relay
    let pool: BlockingPool

    func register(_ request: RegisterManagedInstance) async throws -> RegisterManagedInstance.Response {
        guard let key = Data(base64Encoded: request.publicKey), MachineKey.isUsable(publicKeyDER: Array(key)) else {
            throw ServiceError.invalid("'PublicKey' is not an RSA key of 2048 bits or more")
        }
        let instance = try await pool.write {
            do {
                let instance = try store.register(
                    activationID: request.activationId,
                    codeDigest: Digest.sha256(Array(request.activationCode.utf8)),
                    publicKeyDER: Array(key),
                    machineFingerprint: request.fingerprint.cut(to: .machineFingerprint),
                    joins: request.latchkeyJoins ?? false,
                    at: Date()
                )
                // Its first request follows at once, and must not be verified with the registration before this one.
                authenticator.learn(ofAgentOn: instance.id)
                return instance
            } catch let error as LatchkeyError
                where [.activationInvalid, .activationExpired, .activationExhausted].contains(error.code)
            {
                throw ServiceError(code: "InvalidActivation", message: error.message)
            }
        }
        return RegisterManagedInstance.Response(instanceId: instance.id)
    }

    func roleToken(_ caller: Principal) throws -> RequestManagedInstanceRoleToken.Response {
        guard case .registeredKey(let id) = caller else {
            throw ServiceError.denied("this is asked with the registered key of an instance")
        }
        return try authenticator.makeRole(for: id)
    }

    func update(_ request: UpdateInstanceInformation, _ caller: Principal) async throws -> EmptyResponse {
        guard case .instance(let id) = caller else { throw ServiceError.denied("only an agent reports its instance") }
        guard request.instanceId == nil || request.instanceId == id else {
            throw ServiceError.denied("an agent reports its own instance only")
        }
        let process = request.latchkeyProcess
        guard try await !relay.loop.submit({ [relay] in relay.isTaken(id, for: process) }).get() else {
            throw ServiceError.denied("another agent is connected as \(id): its state folder is the same, or a copy")
        }
        // Cut again, since what is written out is longer.
        func short(_ text: String?) -> String? {
            text?.cut(to: .reportedField).terminalSafe.cut(to: .reportedField)
        }
        let report = ManagedInstance.Report(
            agentName: short(request.agentName),
            agentVersion: short(request.agentVersion),
            platformName: short(request.platformName),
            platformType: short(request.platformType),
            platformVersion: short(request.platformVersion),
            ipAddress: short(request.iPAddress),
            computerName: short(request.computerName)
        )
        let hostKeys = (request.latchkeyHostKeys ?? []).prefix(16).filter { $0.fits(.hostKeyLine) }
            .compactMap { PublicKey(line: $0) }
        let addresses = (request.latchkeyAddresses ?? []).prefix(16).filter { (try? Names.address($0)) != nil }
        let port = request.latchkeyPort.flatMap { (1...65535).contains($0) ? $0 : nil }
        try await pool.write {
            try store.update(id, with: report, at: Date())
            try store.noteReachability(of: id, hostKeys: hostKeys, addresses: Array(addresses), port: port, at: Date())
        }
        return EmptyResponse()
    }
}
