// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOHTTP1

/// Verifies Signature Version 4: users' with their access keys, agents' with the credentials of their role or their registered
/// keys.
///
/// A request without a valid signature is refused by what is in memory. Only for one with a valid signature is the store
/// asked if the key is still there, and even that waits for no lock.
struct SignatureAuthentication: AuthenticationMethod {
    /// Seconds that a client's clock may differ, by service.
    private static func clockSkew(_ service: String) -> Int { service == "ec2" || service == "sts" ? 900 : 300 }

    let key: MasterKey
    let signers: KnownSigners
    let roles: AgentRoles
    /// Hears of each use of an access key, and must not wait.
    let noteUse: @Sendable (AccessKey.ID, Date) -> Void

    func hasCredentials(_ request: IncomingRequest) -> Bool {
        request.headers.contains(name: "Authorization") || request.query.contains("X-Amz-")
    }

    /// Who signed a request.
    ///
    /// - Throws: `AuthenticationFailure`, `LatchkeyError` if the store cannot be asked.
    func caller(of request: IncomingRequest, services: Set<String>, now: Date) throws -> Caller {
        let signable = request.signable
        let header: SignatureHeader
        do { header = try SignatureHeader(of: signable) } catch { throw AuthenticationFailure.signature(error) }
        guard services.contains(header.scope.service) else {
            throw AuthenticationFailure.wrongService(services.sorted().first ?? "")
        }
        let (principal, proof) = try proof(header, request, now)
        let clockSkew = SignatureAuthentication.clockSkew(header.scope.service)
        do throws(SignatureFailure) {
            switch proof {
            case .secret(let secret, _):
                try signable.verify(header, secretAccessKey: secret, now: now, clockSkew: clockSkew)
            case .registration(let agent):
                try signable.verify(header, publicKeyDER: agent.publicKeyDER, now: now, clockSkew: clockSkew)
            }
        } catch {
            throw AuthenticationFailure.signature(error)
        }
        guard stillHolds(principal, proof) else { throw AuthenticationFailure.unknownKey }
        request.connection?.authenticate()
        if case .user(_, let id, _) = principal { noteUse(id, now) }
        return Caller(principal)
    }

    /// Whether a request names an access key or a registration that is known. Nothing is verified, and only memory is asked.
    func namesSigner(_ request: IncomingRequest) -> Bool {
        guard let id = (try? SignatureHeader(of: request.signable))?.accessKeyID else { return false }
        return Identifier.looksLikeInstanceID(id) ? signers.agent(id) != nil : signers.user(id) != nil
    }

    /// What a signature is verified with.
    private enum Proof {
        /// With the registration that it was made for, if it is an agent's.
        case secret(String, registered: Int64?)
        case registration(AgentRegistration)
    }

    private func proof(
        _ header: SignatureHeader,
        _ request: IncomingRequest,
        _ now: Date
    ) throws(AuthenticationFailure) -> (Principal, Proof) {
        let id = header.accessKeyID
        let token = request.headers.first(name: "X-Amz-Security-Token") ?? header.presigned?.sessionToken
        if Identifier.looksLikeInstanceID(id) {
            guard let agent = agent(id), !agent.publicKeyDER.isEmpty else { throw .unknownKey }
            return (.registeredKey(instanceID: id), .registration(agent))
        }
        if id.hasPrefix("ASIA") {
            guard let token, let role = roles.role(inside: token), role.accessKeyID == id else { throw .unknownKey }
            guard role.expires > now.timeIntervalSince1970 else { throw .expiredCredentials }
            // One that was removed or replaced meanwhile is not let in for the rest of the hour.
            guard let agent = agent(role.instanceID), role.registered ?? agent.registered == agent.registered else {
                throw .unknownKey
            }
            return (.instance(role.instanceID), .secret(role.secret, registered: agent.registered))
        }
        // A session token belongs to temporary credentials, which these are not.
        guard token == nil, let user = signers.user(id) ?? signers.currentUser(id),
            let secret = key.open(user.sealedSecret, context: AccessKeys.context(id))
        else { throw .unknownKey }
        return (
            .user(name: user.name, accessKeyID: id, isAdmin: user.isAdmin),
            .secret(String(decoding: secret, as: UTF8.self), registered: nil)
        )
    }

    private func agent(_ id: Instance.ID) -> AgentRegistration? { signers.agent(id) ?? signers.currentAgent(id) }

    /// Whether what a signature was verified with is in force at this moment: another process may have deleted it.
    private func stillHolds(_ principal: Principal, _ proof: Proof) -> Bool {
        switch (principal, proof) {
        case (.user(_, let id, _), _): signers.currentUser(id) != nil
        case (.instance(let id), .secret(_, let registered)): signers.currentAgent(id)?.registered == registered
        case (.registeredKey(let id), .registration(let agent)): signers.currentAgent(id) == agent
        case (.instance, _), (.registeredKey, _), (.anonymous, _): false
        }
    }
}
