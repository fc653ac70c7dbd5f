// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import NIOHTTP1

/// Who made a request.
enum Principal: Equatable, Sendable {
    /// Has an access key.
    case user(name: String)
    /// An agent with the credentials of its role.
    case instance(String)
    /// An agent that has only its registered key: it may ask for credentials, and nothing else.
    case registeredKey(instanceID: String)

    /// In the shape of AWS. There is one account, and it has no number.
    static let account = "000000000000"

    var arn: String {
        switch self {
        case .user(let name): "arn:aws:iam::\(Principal.account):user/\(name)"
        case .instance(let id), .registeredKey(let id):
            "arn:aws:sts::\(Principal.account):assumed-role/latchkey-agent/\(id)"
        }
    }
}

/// Verifies signatures, and gives agents their credentials.
final class Authority: Sendable {
    /// Seconds that an agent's credentials are good for.
    static let roleLifetime = 3600.0
    /// Seconds that a client's clock may differ.
    private static let clockSkew = 300

    private let store: Store
    private let key: MasterKey
    private let accessKeys: AccessKeys

    init(store: Store, key: MasterKey) {
        self.store = store
        self.key = key
        accessKeys = AccessKeys(store: store, key: key)
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
        let (principal, proof) = try proof(header.accessKeyID, request, now)
        do throws(SignatureFailure) {
            switch proof {
            case .secret(let secret):
                try signable.verify(header, secretAccessKey: secret, now: now, clockSkew: Authority.clockSkew)
            case .publicKey(let der):
                try signable.verify(header, publicKeyDER: der, now: now, clockSkew: Authority.clockSkew)
            }
        } catch {
            throw AuthenticationFailure.signature(error)
        }
        request.connection?.authenticate()
        // A note for people: a disk that is full must keep nobody out.
        if case .user = principal { try? store.noteAccessKeyUse(header.accessKeyID, at: now) }
        return principal
    }

    /// What a signature is verified with.
    private enum Proof {
        case secret(String)
        case publicKey(der: [UInt8])
    }

    private func proof(
        _ id: String,
        _ request: IncomingRequest,
        _ now: Date
    ) throws -> (Principal, Proof) {
        if Identifier.looksLikeInstanceID(id) {
            guard let instance = try store.managedInstance(id), !instance.publicKeyDER.isEmpty else {
                throw AuthenticationFailure.unknownKey
            }
            return (.registeredKey(instanceID: id), .publicKey(der: instance.publicKeyDER))
        }
        if id.hasPrefix("ASIA") {
            guard let token = request.headers.first(name: "X-Amz-Security-Token"),
                let role = role(inside: token), role.accessKeyID == id
            else { throw AuthenticationFailure.unknownKey }
            guard role.expires > now.timeIntervalSince1970 else {
                throw AuthenticationFailure.expiredCredentials
            }
            // One that was removed meanwhile is not let in for the rest of the hour.
            guard try store.managedInstance(role.instanceID) != nil else { throw AuthenticationFailure.unknownKey }
            return (.instance(role.instanceID), .secret(role.secret))
        }
        guard let (accessKey, secret) = try accessKeys.find(id) else { throw AuthenticationFailure.unknownKey }
        return (.user(name: accessKey.userName), .secret(secret))
    }

    // MARK: Agents' roles

    /// What a session token holds, sealed: so that the server has nothing to remember, and a new one takes them all.
    private struct Role: Codable {
        var instanceID: String
        var accessKeyID: String
        var secret: String
        /// Seconds since 1970.
        var expires: Double
    }

    private static let roleContext = "role-token"

    func makeRole(for instanceID: String, now: Date = Date()) throws -> RequestManagedInstanceRoleToken.Response {
        let role = Role(
            instanceID: instanceID,
            accessKeyID: "ASIA" + Random.text(16, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            secret: Random.text(40, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            expires: now.timeIntervalSince1970 + Authority.roleLifetime
        )
        let sealed = try key.seal(Array(try JSONEncoder().encode(role)), context: Authority.roleContext)
        return RequestManagedInstanceRoleToken.Response(
            accessKeyId: role.accessKeyID,
            secretAccessKey: role.secret,
            sessionToken: Data(sealed).base64EncodedString(),
            tokenExpirationDate: Date(timeIntervalSince1970: role.expires.rounded(.down))
        )
    }

    private func role(inside token: String) -> Role? {
        guard token.utf8.count <= 4096, let sealed = Data(base64Encoded: token),
            let content = key.open(Array(sealed), context: Authority.roleContext)
        else { return nil }
        return try? JSONDecoder().decode(Role.self, from: Data(content))
    }
}
