// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport

/// The credentials of the container that this process runs in (ECS, EKS Pod Identity).
struct ContainerCredentials {
    /// Milliseconds.
    private static let timeout = 2000
    private static let relativeHost = "169.254.170.2"
    /// Besides loopback addresses, the only ones that are asked without TLS: a variable must not lead a token
    /// elsewhere.
    private static let plainHosts: Set<String> = [relativeHost, "169.254.170.23", "fd00:ec2::23"]

    private let settings: RemoteSettings

    init(_ settings: RemoteSettings) { self.settings = settings }

    /// - Returns: nil if the environment speaks of none.
    /// - Throws: `credentialsUnavailable`, `configurationInvalid`.
    func fetch() throws -> ExpiringCredentials? {
        guard let address = try address() else { return nil }
        var headers: [(name: String, value: String)] = [("Accept", "application/json")]
        if let token = try token() { headers.append(("Authorization", token)) }
        let request = HTTPRequest("GET", address, headers: headers)
        do throws(ServiceFailure) {
            let response = try RetryPolicy(attempts: 3)
                .run(isIdempotent: true) { () throws(ServiceFailure) in
                    let response: HTTPResponse
                    do throws(TransportError) {
                        response = try HTTPExchange.perform(
                            request,
                            trust: settings.trust,
                            timeout: ContainerCredentials.timeout
                        )
                    } catch {
                        throw .unreachable(error)
                    }
                    guard response.status == 200 else { throw ServiceClient.failure(response) }
                    return response
                }
            guard let found = MetadataAnswer.read(response.body, method: "container-role") else {
                throw .malformed("the container's credentials")
            }
            return found
        } catch {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the container's credentials cannot be had from \(address.httpOrigin.terminalSafe): \(error.message)",
                hint: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI says where they are"
            )
        }
    }

    private func address() throws -> ServerAddress? {
        if let path = settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return try parsed("http://\(ContainerCredentials.relativeHost)\(path)")
        }
        guard let url = settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        let address = try parsed(url)
        guard address.isSecure || address.isLoopback || ContainerCredentials.plainHosts.contains(address.host) else {
            throw LatchkeyError(
                .configurationInvalid,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names '\(address.host.terminalSafe)', which is asked over https only"
            )
        }
        return address
    }

    private func parsed(_ url: String) throws -> ServerAddress {
        do throws(TransportError) { return try ServerAddress(url: url) } catch {
            throw LatchkeyError(.configurationInvalid, "the address of the container's credentials \(error.message)")
        }
    }

    private func token() throws -> String? {
        var token = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let path = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let content = try StateFile.read(path) else {
                throw LatchkeyError(
                    .credentialsUnavailable,
                    "the container's token '\(path.terminalSafe)' is not there"
                )
            }
            token = content.isEmpty ? nil : String(decoding: content, as: UTF8.self)
        }
        // It becomes a header.
        guard token?.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) != false else {
            throw LatchkeyError(.credentialsUnavailable, "the container's token has characters that no header may have")
        }
        return token
    }
}
