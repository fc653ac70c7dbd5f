// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import NIOHTTP1

/// Who made a request.
enum Principal: Equatable, Sendable {
    /// Has an access key: this one.
    case user(name: String, accessKeyID: AccessKey.ID)
    /// An agent with the credentials of its role.
    case instance(String)
    /// An agent that has only its registered key: it may ask for credentials, and nothing else.
    case registeredKey(instanceID: String)

    /// In the shape of AWS. There is one account, and it has no number.
    static let account = "000000000000"

    private static let userARN = "arn:aws:iam::\(account):user/"

    /// The user whose ARN this is; nil if it is another one's.
    static func userName(inARN arn: String) -> String? {
        arn.hasPrefix(userARN) ? String(arn.dropFirst(userARN.count)) : nil
    }

    var arn: String {
        switch self {
        case .user(let name, _): Principal.userARN + name
        case .instance(let id), .registeredKey(let id):
            "arn:aws:sts::\(Principal.account):assumed-role/latchkey-agent/\(id)"
        }
    }
}

/// Verifies signatures, and gives agents their credentials.
///
/// A request without a valid signature is refused by what is in memory. Only for one with a valid signature is the store
/// asked if the key is still there, and even that waits for no lock.
final class Authenticator: Sendable {
    /// Seconds that an agent's credentials are good for.
    static let roleLifetime = 3600.0
    /// Seconds that a client's clock may differ, by service.
    private static func clockSkew(_ service: String) -> Int { service == "ec2" || service == "sts" ? 900 : 300 }

    private let key: MasterKey
    private let signers: KnownSigners
    private let noteUse: @Sendable (AccessKey.ID, Date) -> Void

    /// - Parameters:
    ///   - signers: what is known of those of the store; nil to look it up anew.
    ///   - noteUse: hears of each use of an access key, and must not wait.
    init(
        store: Store,
        key: MasterKey,
        signers: KnownSigners? = nil,
        noteUse: @escaping @Sendable (AccessKey.ID, Date) -> Void = { _, _ in }
    ) {
        self.key = key
        self.signers = signers ?? KnownSigners(store)
        self.noteUse = noteUse
    }

    /// Who signed a request.
    ///
    /// - Throws: `ServiceError` as Systems Manager would word it, `LatchkeyError` if the store cannot be asked.
    func principal(of request: IncomingRequest, services: Set<String>, now: Date = Date()) throws -> Principal {
        do { return try signer(of: request, services: services, now: now) } catch let failure as AuthenticationFailure {
            throw failure.serviceError
        }
    }

    /// Who signed a request.
    ///
    /// - Throws: `AuthenticationFailure`, `LatchkeyError` if the store cannot be asked.
    func signer(of request: IncomingRequest, services: Set<String>, now: Date = Date()) throws -> Principal {
        let signable = request.signable
        let header: SignatureHeader
        do { header = try SignatureHeader(of: signable) } catch { throw AuthenticationFailure.signature(error) }
        guard services.contains(header.scope.service) else {
            throw AuthenticationFailure.wrongService(services.sorted().first ?? "")
        }
        let (principal, proof) = try proof(header, request, now)
        let clockSkew = Authenticator.clockSkew(header.scope.service)
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
        if case .user(_, let id) = principal { noteUse(id, now) }
        return principal
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
        case registration(KnownSigners.Agent)
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
            guard let token, let role = role(inside: token), role.accessKeyID == id else { throw .unknownKey }
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
            .user(name: user.name, accessKeyID: id), .secret(String(decoding: secret, as: UTF8.self), registered: nil)
        )
    }

    /// Takes note of an agent that has registered.
    func learn(ofAgentOn id: Instance.ID) { _ = signers.currentAgent(id) }

    private func agent(_ id: Instance.ID) -> KnownSigners.Agent? { signers.agent(id) ?? signers.currentAgent(id) }

    /// Whether what a signature was verified with is in force at this moment: another process may have deleted it.
    private func stillHolds(_ principal: Principal, _ proof: Proof) -> Bool {
        switch (principal, proof) {
        case (.user(_, let id), _): signers.currentUser(id) != nil
        case (.instance(let id), .secret(_, let registered)): signers.currentAgent(id)?.registered == registered
        case (.registeredKey(let id), .registration(let agent)): signers.currentAgent(id) == agent
        case (.instance, _), (.registeredKey, _): false
        }
    }

    // MARK: Agents' roles

    /// What a session token holds, sealed: so that the server has nothing to remember, and a new one takes them all.
    private struct Role: Codable {
        var instanceID: String
        var accessKeyID: String
        var secret: String
        /// Seconds since 1970.
        var expires: Double
        /// Whose it is: the next registration of the same instance has another one. Nil from an older latchkeyd.
        var registered: Int64?
    }

    private static let roleContext = "role-token"

    func makeRole(for instanceID: String, now: Date = Date()) throws -> RequestManagedInstanceRoleToken.Response {
        let role = Role(
            instanceID: instanceID,
            accessKeyID: "ASIA" + Random.text(16, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            secret: Random.text(40, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            expires: now.timeIntervalSince1970 + Authenticator.roleLifetime,
            registered: signers.currentAgent(instanceID)?.registered
        )
        let sealed = try key.seal(Array(try JSONEncoder().encode(role)), context: Authenticator.roleContext)
        return RequestManagedInstanceRoleToken.Response(
            accessKeyId: role.accessKeyID,
            secretAccessKey: role.secret,
            sessionToken: Data(sealed).base64EncodedString(),
            tokenExpirationDate: Date(timeIntervalSince1970: role.expires.rounded(.down))
        )
    }

    private func role(inside token: String) -> Role? {
        guard token.utf8.count <= 4096, let sealed = Data(base64Encoded: token),
            let content = key.open(Array(sealed), context: Authenticator.roleContext)
        else { return nil }
        return try? JSONDecoder().decode(Role.self, from: Data(content))
    }
}
