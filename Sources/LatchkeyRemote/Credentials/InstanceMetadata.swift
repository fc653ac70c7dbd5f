// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyTransport

/// What the instance that this process runs on is told about itself (IMDS, version 2 only: the first one can be asked
/// through any proxy that forwards requests).
struct InstanceMetadata {
    private static let role = "/latest/meta-data/iam/security-credentials/"
    private static let hostIPv6 = "fd00:ec2::254"
    /// Seconds that a token is good for.
    private static let tokenLifetime = 21_600

    private let settings: RemoteSettings

    init(_ settings: RemoteSettings) { self.settings = settings }

    /// Milliseconds: where there is no such service, no answer comes at all, so the wait is short.
    private var timeout: Int {
        let text = settings.variable("AWS_METADATA_SERVICE_TIMEOUT") ?? settings.profile["metadata_service_timeout"]
        return text.flatMap { Double($0) }.map { Int(min(max($0, 0.1), 60) * 1000) } ?? 1000
    }

    /// - Returns: nil if this is no instance, or one without a role.
    /// - Throws: `credentialsUnavailable` if the service is there and does not do what it should.
    func credentials() throws -> ExpiringCredentials? {
        guard settings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        let address = try address()
        do throws(TransportError) {
            let answer = try ask(
                "PUT",
                address.with(path: "/latest/api/token"),
                [
                    ("X-aws-ec2-metadata-token-ttl-seconds", "\(InstanceMetadata.tokenLifetime)")
                ]
            )
            // Something else listens there.
            guard answer.status == 200 else { return nil }
            let token = String(decoding: answer.body, as: UTF8.self)
            guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            let headers = [(name: "X-aws-ec2-metadata-token", value: token)]
            let roles = try ask("GET", address.with(path: InstanceMetadata.role), headers)
            let name = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
            guard roles.status == 200, let name, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            let key = try ask("GET", address.with(path: InstanceMetadata.role + name), headers)
            guard key.status == 200, let found = MetadataAnswer.read(key.body, method: "iam-role") else {
                throw .malformed("it gave no credentials for the role '\(String(name).terminalSafe)'")
            }
            return found
        } catch .dial, .timedOut, .lost {
            return nil
        } catch {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the metadata service at \(address.httpOrigin.terminalSafe) cannot be used: \(error.message)",
                hint: "AWS_EC2_METADATA_DISABLED=true leaves it aside"
            )
        }
    }

    private func ask(
        _ method: String,
        _ address: ServerAddress,
        _ headers: [(name: String, value: String)]
    ) throws(TransportError) -> HTTPResponse {
        try HTTPExchange.perform(
            HTTPRequest(method, address, headers: headers),
            trust: settings.trust,
            timeout: timeout
        )
    }

    private func address() throws -> ServerAddress {
        let mode =
            settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            ?? settings.profile["ec2_metadata_service_endpoint_mode"]
        let url =
            settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? settings.profile["ec2_metadata_service_endpoint"]
            ?? (mode?.lowercased() == "ipv6" ? "http://[\(InstanceMetadata.hostIPv6)]" : "http://169.254.169.254")
        do throws(TransportError) {
            let address = try ServerAddress(url: url)
            // It hands out credentials.
            guard address.isSecure || address.isOnLink || address.host == InstanceMetadata.hostIPv6 else {
                throw .cleartext(address.httpOrigin.terminalSafe)
            }
            return address
        } catch {
            throw LatchkeyError(.configurationInvalid, "the address of the metadata service \(error.message)")
        }
    }
}
