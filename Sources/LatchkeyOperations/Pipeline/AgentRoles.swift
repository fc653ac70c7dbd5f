// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyStore

/// The temporary credentials that agents ask for with their registered keys.
struct AgentRoles: Sendable {
    /// Seconds that they are good for.
    static let lifetime = 3600.0

    let key: MasterKey
    let signers: KnownSigners

    /// What a session token holds, sealed: so that the server has nothing to remember, and a new one takes them all.
    struct Role: Codable {
        var instanceID: String
        var accessKeyID: String
        var secret: String
        /// Seconds since 1970.
        var expires: Double
        /// Whose it is: the next registration of the same instance has another one. Nil from an older latchkeyd.
        var registered: Int64?
    }

    private static let context = "role-token"

    /// New credentials for an agent.
    func make(for instanceID: String, now: Date = Date()) throws -> RequestManagedInstanceRoleToken.Response {
        let role = Role(
            instanceID: instanceID,
            accessKeyID: "ASIA" + Random.text(16, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            secret: Random.text(40, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            expires: now.timeIntervalSince1970 + AgentRoles.lifetime,
            registered: signers.currentAgent(instanceID)?.registered
        )
        let sealed = try key.seal(Array(try JSONEncoder().encode(role)), context: AgentRoles.context)
        return RequestManagedInstanceRoleToken.Response(
            accessKeyId: role.accessKeyID,
            secretAccessKey: role.secret,
            sessionToken: Data(sealed).base64EncodedString(),
            tokenExpirationDate: Date(timeIntervalSince1970: role.expires.rounded(.down))
        )
    }

    /// What a session token holds; nil if it is none of this server's.
    func role(inside token: String) -> Role? {
        guard token.utf8.count <= 4096, let sealed = Data(base64Encoded: token),
            let content = key.open(Array(sealed), context: AgentRoles.context)
        else { return nil }
        return try? JSONDecoder().decode(Role.self, from: Data(content))
    }
}
