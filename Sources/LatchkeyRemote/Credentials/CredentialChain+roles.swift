// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeySystem

extension CredentialChain {
    private struct AssumeRole: Encodable {
        let roleArn: String
        let roleSessionName: String
        let externalId: String?
        let serialNumber: String?
        let tokenCode: String?
        let durationSeconds: Int?
    }

    private struct AssumeRoleWithWebIdentity: Encodable {
        let roleArn: String
        let roleSessionName: String
        let webIdentityToken: String
    }

    /// Assumes the role that a profile names, with the credentials that it names for it, which may be a role's again.
    ///
    /// - Parameter visited: the profiles that led here, this one last.
    func roleCredentials(of profileName: String, visited: [String]) throws -> ExpiringCredentials {
        let role = try AssumedRole(settings.options(of: profileName) ?? SharedFiles.Options(), profileName: profileName)
        let key = [
            "assume-role", role.arn, "\(role.origin)", role.externalID ?? "", role.device ?? "", role.sessionName ?? "",
            role.duration.map(String.init) ?? "", settings.files.configPath, settings.files.credentialsPath,
        ]
        return try cache.credentials(key) {
            let source = try sourceCredentials(of: role, profileName, visited)
            let code = try role.device.map { try codeOf($0, profileName) }
            let request = AssumeRole(
                roleArn: role.arn,
                roleSessionName: role.sessionName ?? CredentialChain.madeUpSessionName,
                externalId: role.externalID,
                serialNumber: role.device,
                tokenCode: code,
                durationSeconds: role.duration
            )
            return try assume("AssumeRole", request, role.arn, as: source.credentials, profileName, "assume-role")
        }
    }

    private func sourceCredentials(
        of role: AssumedRole,
        _ profileName: String,
        _ visited: [String]
    ) throws -> ExpiringCredentials {
        let found: ExpiringCredentials?
        switch role.origin {
        case .environment: found = try environmentCredentials()
        case .container: found = try ContainerCredentials(settings).fetch()
        case .instance: found = try InstanceMetadata(settings).credentials()
        case .profile(let source): found = try credentials(ofSource: source, for: profileName, visited)
        }
        guard let found else {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the profile '\(profileName.terminalSafe)' assumes a role, but there are no credentials for that",
                hint: "its source_profile or credential_source has none"
            )
        }
        return found
    }

    private func credentials(
        ofSource source: String,
        for profileName: String,
        _ visited: [String]
    ) throws -> ExpiringCredentials? {
        guard let options = settings.options(of: source) else {
            throw LatchkeyError(
                .configurationInvalid,
                "the source_profile '\(source.terminalSafe)' of the profile '\(profileName.terminalSafe)' does not exist",
                hint: "it would be in '\(settings.files.configPath.terminalSafe)'"
            )
        }
        let hasKey = options["aws_access_key_id"] != nil || options["aws_secret_access_key"] != nil
        // A profile may be its own source, with a key in it; then it does not lead on.
        if visited.contains(source), !(source == profileName && hasKey) {
            throw LatchkeyError(
                .configurationInvalid,
                "the source_profile of these profiles forms a loop: "
                    + (visited + [source]).map(\.terminalSafe).joined(separator: ", "),
                hint: "one of them needs an access key, a credential_process or a login of its own"
            )
        }
        if !hasKey, AssumedRole.isNamed(by: options) {
            return try roleCredentials(of: source, visited: visited + [source])
        }
        return try profileCredentials(source, usesEnvironment: false)
    }

    private func codeOf(_ device: String, _ profileName: String) throws -> String {
        guard let askCode else {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the profile '\(profileName.terminalSafe)' needs the code of '\(device.terminalSafe)', and no one can be "
                    + "asked for it here",
                hint: "run it once at a terminal; what it gets is kept for the next time"
            )
        }
        return try askCode(device)
    }

    // MARK: Web identity

    func webIdentityCredentials(
        _ options: SharedFiles.Options,
        usesEnvironment: Bool
    ) throws -> ExpiringCredentials? {
        func option(_ name: String, _ variable: String) -> String? {
            (usesEnvironment ? settings.variable(variable) : nil) ?? options[name]
        }
        guard let file = option("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        guard let arn = option("role_arn", "AWS_ROLE_ARN") else {
            throw LatchkeyError(
                .configurationInvalid,
                "there is a web identity token, but no role to ask for with it",
                hint: "role_arn or AWS_ROLE_ARN names it"
            )
        }
        let path = RemoteSettings.expanded(file, home: settings.home)
        guard let content = try StateFile.read(path) else {
            throw LatchkeyError(.credentialsUnavailable, "the web identity token '\(path.terminalSafe)' is not there")
        }
        let request = AssumeRoleWithWebIdentity(
            roleArn: arn,
            roleSessionName: option("role_session_name", "AWS_ROLE_SESSION_NAME") ?? CredentialChain.madeUpSessionName,
            webIdentityToken: INIFile.trimmed(String(decoding: content, as: UTF8.self))
        )
        let name = settings.profileName
        return try cache.credentials(["assume-role-with-web-identity", arn, path, request.roleSessionName]) {
            try assume("AssumeRoleWithWebIdentity", request, arn, as: nil, name, "assume-role-with-web-identity")
        }
    }

    // MARK: STS

    private static var madeUpSessionName: String { "latchkey-session-\(SystemClock.wallMilliseconds() / 1000)" }

    private func assume(
        _ action: String,
        _ request: some Encodable,
        _ arn: String,
        as source: Credentials?,
        _ profileName: String,
        _ method: String
    ) throws -> ExpiringCredentials {
        let region = try settings.region()
        let client = QueryClient(
            ServiceEndpoint(
                address: try settings.address(of: .sts, region: region),
                trust: settings.trust,
                region: region,
                credentials: source
            ),
            dialect: .sts,
            retries: settings.retries
        )
        do throws(ServiceFailure) {
            let answer = try client.call(action, request, as: AssumedRoleAnswer.self).credentials
            return ExpiringCredentials(
                Credentials(
                    accessKeyID: answer.accessKeyID,
                    secretAccessKey: answer.secretAccessKey,
                    sessionToken: answer.sessionToken
                ),
                expiration: answer.expiration,
                method: method
            )
        } catch {
            throw settings.error(error, doing: "sts:\(action)", named: "the role '\(arn.terminalSafe)'", profileName)
        }
    }
}
