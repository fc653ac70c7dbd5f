// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyTransport

/// What an agent is to its relay: made once with an activation, kept in the agent's folder.
final class Registration: Sendable {
    /// `registration.json`.
    private struct Content: Codable {
        var instanceID: String
        var endpoint: String
        var region: String
        /// A file of PEM certificates; nil for the system's.
        var authorities: String?
        var fingerprint: String
    }

    let instanceID: String
    let address: ServerAddress
    let trust: Trust
    let region: String
    private let fingerprint: String
    private let key: MachineKey

    private init(_ content: Content, _ key: MachineKey) throws {
        do { address = try ServerAddress(url: content.endpoint) } catch {
            throw LatchkeyError(.configurationInvalid, "the endpoint \(error.words)")
        }
        instanceID = content.instanceID
        trust = Trust(authorities: content.authorities)
        region = content.region
        fingerprint = content.fingerprint
        self.key = key
    }

    private static func contentPath(_ folder: String) -> String { "\(folder)/registration.json" }
    private static func keyPath(_ folder: String) -> String { "\(folder)/agent-key.pem" }

    /// Reads the registration of this machine.
    ///
    /// - Throws: `configurationInvalid` if there is none or it cannot be read.
    static func load(from folder: String) throws -> Registration {
        guard let content = try StateFile.read(contentPath(folder)) else {
            throw LatchkeyError(
                .configurationInvalid,
                "this machine is not registered",
                hint: "latchkey-agent register --endpoint URL --activation-id ID --activation-code CODE"
            )
        }
        let decoded: Content
        do { decoded = try JSONDecoder().decode(Content.self, from: Data(content)) } catch {
            throw LatchkeyError(
                .configurationInvalid,
                "the registration '\(contentPath(folder).terminalSafe)' cannot be read",
                hint: "register anew with --force"
            )
        }
        let pem = try StateFile.readSecret(keyPath(folder))
        return try Registration(decoded, try MachineKey(pem: pem))
    }

    static func exists(in folder: String) -> Bool { access(contentPath(folder), F_OK) == 0 }

    /// Makes a key, has it registered, and writes both down. If the answer does not come, the next attempt shows the same key
    /// and is no other machine to the server.
    ///
    /// - Throws: `activationInvalid` and its like as the server says, `instanceUnreachable` if it cannot be reached.
    static func make(
        endpoint: String,
        authorities: String?,
        region: String,
        activationID: String,
        activationCode: String,
        fingerprint: String,
        folder: String
    ) throws -> Registration {
        let attempt = RegistrationAttempt(activationID: activationID, fingerprint: fingerprint)
        let key = try attempt.key(in: folder)
        var content = Content(
            instanceID: "",
            endpoint: endpoint,
            region: region,
            authorities: authorities,
            fingerprint: fingerprint
        )
        let draft = try Registration(content, key)
        let client = ServiceClient(
            ServiceEndpoint(address: draft.address, trust: draft.trust, region: region, credentials: nil)
        )
        do throws(ServiceFailure) {
            content.instanceID =
                try client.call(
                    RegisterManagedInstance(
                        activationId: activationID,
                        activationCode: activationCode,
                        fingerprint: fingerprint,
                        publicKey: Data(key.publicKeyDER).base64EncodedString()
                    )
                )
                .instanceId
        } catch {
            throw LatchkeyError(
                .instanceUnreachable,
                "'\(endpoint.terminalSafe)' did not register this machine: \(error.words)",
                hint: "check the endpoint, --ca, and that the activation is not used up: latchkeyd activation list"
            )
        }
        // The key first: a registration without its key would be of no use.
        try StateFile.write(keyPath(folder), secret: try key.pem())
        try StateFile.write(contentPath(folder), Array(try JSONEncoder().encode(content)))
        RegistrationAttempt.forget(in: folder)
        return try Registration(content, key)
    }

    /// Credentials for an hour, asked for with a signature of the registered key.
    func requestRoleToken() throws -> RequestManagedInstanceRoleToken.Response {
        let body = try ServiceJSON.encode(RequestManagedInstanceRoleToken(fingerprint: fingerprint))
        let headers = [
            (name: "Content-Type", value: "application/x-amz-json-1.1"),
            (name: "X-Amz-Target", value: "AmazonSSM.RequestManagedInstanceRoleToken"),
        ]
        let request = SignableRequest(
            method: "POST",
            path: "/",
            headers: [("Host", address.hostHeader)] + headers,
            body: body
        )
        let signature = try request.sign(machineID: instanceID, key: key, region: region, date: Date())
        let response = try HTTPExchange.perform(
            HTTPRequest("POST", address.with(path: "/"), headers: headers + signature, body: body),
            trust: trust,
            timeout: 15_000
        )
        guard response.status == 200 else { throw TransportError.refused(status: response.status, response.excerpt) }
        return try ServiceJSON.decode(RequestManagedInstanceRoleToken.Response.self, response.body)
    }
}
