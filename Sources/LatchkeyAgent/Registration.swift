// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport

/// What an agent is to its relay: made once with an activation, kept in the agent's folder.
package final class Registration: Sendable {
    /// `registration.json`.
    private struct Content: Codable {
        var instanceID: String
        var endpoint: String
        var region: String
        /// A file of PEM certificates; nil for the system's.
        var authorities: String?
        var fingerprint: String
        /// Whether the user said that a server beyond this machine may be asked in the clear.
        var allowsCleartext: Bool?
    }

    package let instanceID: String
    let address: ServerAddress
    let trust: Trust
    let region: String
    private let fingerprint: String
    private let key: MachineKey

    private init(_ content: Content, _ key: MachineKey) throws {
        address = try Registration.address(of: content)
        instanceID = content.instanceID
        trust = Trust(authorities: content.authorities)
        region = content.region
        fingerprint = content.fingerprint
        self.key = key
    }

    private static func address(of content: Content) throws -> ServerAddress {
        do throws(TransportError) {
            return try ServerAddress(
                endpoint: content.endpoint,
                allowsCleartext: content.allowsCleartext ?? false
            )
        } catch {
            var hint = "for example https://relay.example:8443"
            if case .cleartext = error {
                hint = "use https://, or latchkey-agent register --insecure to go without encryption"
            }
            throw LatchkeyError(.configurationInvalid, "the endpoint \(error.message)", hint: hint)
        }
    }

    private static func contentPath(_ folder: String) -> String { "\(folder)/registration.json" }
    private static func keyPath(_ folder: String) -> String { "\(folder)/agent-key.pem" }
    private static func authoritiesPath(_ folder: String) -> String { "\(folder)/ca.pem" }

    /// Reads the registration of this machine.
    ///
    /// - Throws: `configurationInvalid` if there is none or it cannot be read.
    package static func load(from folder: String) throws -> Registration {
        try StateFile.checkFolder(folder)
        guard let content = try StateFile.readOwn(contentPath(folder)) else {
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
                hint: "latchkey-agent register --force makes another"
            )
        }
        let pem = try StateFile.readSecret(keyPath(folder))
        return try Registration(decoded, try MachineKey(pem: pem))
    }

    /// Makes sure that the registration was made on this machine: a copy of its disk would be the same instance a second time.
    ///
    /// - Throws: `configurationInvalid`.
    func checkMachine(stateFolder: String) throws {
        guard MachineFingerprint.isOwn(fingerprint, root: "", stateFolder: stateFolder) else {
            throw LatchkeyError(
                .configurationInvalid,
                "the state folder '\(stateFolder.terminalSafe)' was made on another machine, which is \(instanceID)",
                hint: "latchkey-agent register --force makes this machine an instance of its own"
            )
        }
    }

    static func exists(in folder: String) -> Bool { access(contentPath(folder), F_OK) == 0 }

    /// Makes a key, has it registered, and writes both down. If the answer does not come, the next attempt shows the same key
    /// and is no other machine to the server.
    ///
    /// - Parameters:
    ///   - allowsCleartext: whether a server beyond this machine may be asked without TLS.
    ///   - authorities: a file of PEM certificates, of which a copy is kept; nil for the system's.
    /// - Throws: `configurationInvalid` for an endpoint that is none or may not be used, `requestRefused` with what the server
    ///   says, `relayUnreachable` if it cannot be reached.
    static func make(
        endpoint: String,
        allowsCleartext: Bool,
        authorities: String?,
        region: String,
        activationID: String,
        activationCode: String,
        fingerprint: String,
        folder: String
    ) throws -> Registration {
        let certificates = try authorities.map(certificates)
        var content = Content(
            instanceID: "",
            endpoint: endpoint,
            region: region,
            authorities: authorities,
            fingerprint: fingerprint,
            allowsCleartext: allowsCleartext ? true : nil
        )
        // Before a key is made for it.
        _ = try address(of: content)
        let attempt = RegistrationAttempt(activationID: activationID, fingerprint: fingerprint)
        let key = try attempt.key(in: folder)
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
            throw failure(error, endpoint)
        }
        // Not before: a registration that this one would have replaced goes on with what it has.
        if let certificates {
            content.authorities = authoritiesPath(folder)
            try StateFile.write(authoritiesPath(folder), certificates)
        }
        // The key first: a registration without its key would be of no use.
        try StateFile.write(keyPath(folder), secret: try key.pem())
        try StateFile.write(contentPath(folder), json: content)
        RegistrationAttempt.forget(in: folder)
        return try Registration(content, key)
    }

    private static let authoritiesHint = "--ca takes the file tls/ca.pem of the latchkeyd, which latchkeyd init named"

    private static func certificates(_ path: String) throws -> [UInt8] {
        guard let content = try StateFile.read(path) else {
            throw LatchkeyError(.fileUnusable, "there is no file '\(path.terminalSafe)'", hint: authoritiesHint)
        }
        guard String(decoding: content, as: UTF8.self).contains("CERTIFICATE-----") else {
            throw LatchkeyError(
                .fileUnusable,
                "there is no certificate in '\(path.terminalSafe)'",
                hint: authoritiesHint
            )
        }
        return content
    }

    private static func failure(_ failure: ServiceFailure, _ endpoint: String) -> LatchkeyError {
        let code: LatchkeyError.Code
        let hint: String
        switch failure {
        case .unreachable(.untrusted): (code, hint) = (.relayUnreachable, authoritiesHint)
        case .unreachable(.lost), .unreachable(.timedOut):
            (code, hint) = (.relayUnreachable, "try it again: the activation counts this machine once")
        case .unreachable:
            code = .relayUnreachable
            hint = "does latchkeyd run there, and listen for others: latchkeyd run --listen 0.0.0.0:PORT?"
        case .refused("InvalidActivation", _, _):
            code = .requestRefused
            hint = "latchkeyd activation list shows what is left, latchkeyd activation create makes another"
        case .refused, .malformed: (code, hint) = (.requestRefused, "is the endpoint a latchkeyd's?")
        }
        return LatchkeyError(
            code,
            "'\(endpoint.terminalSafe)' did not register this machine: \(failure.message)",
            hint: hint
        )
    }

    /// Credentials for an hour, asked for with a signature of the registered key.
    ///
    /// - Parameter timeout: milliseconds for all of it.
    func requestRoleToken(timeout: Int) throws -> RequestManagedInstanceRoleToken.Response {
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
            timeout: timeout
        )
        guard response.status == 200 else {
            let failure = ServiceClient.failure(response)
            guard case .refused("UnrecognizedClientException", _, _) = failure else { throw failure }
            throw RelayAccess.Failure.lost(
                "it does not know \(instanceID) any more; latchkey-agent register --force makes it another instance"
            )
        }
        return try ServiceJSON.decode(RequestManagedInstanceRoleToken.Response.self, response.body)
    }
}
