// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

/// Finds the credentials of a profile, in the order in which the AWS tools look:
///
/// 1. `AWS_ACCESS_KEY_ID` and its companions, unless a profile was asked for by `--profile` or `LATCHKEY_PROFILE`
/// 2. a role that the profile names (`role_arn`)
/// 3. a web identity token
/// 4. IAM Identity Center (`sso_account_id`)
/// 5. the credentials file
/// 6. `credential_process`
/// 7. the config file
/// 8. the container's credentials
/// 9. the instance's own
package struct CredentialChain: Sendable {
    let settings: RemoteSettings
    let cache: CredentialCache
    /// Asks the person at the terminal for the code of a device, of which it is given the serial number; nil where
    /// there is no person to ask.
    let askCode: (@Sendable (String) throws -> String)?

    package init(
        _ settings: RemoteSettings,
        cacheFolder: String,
        askCode: (@Sendable (String) throws -> String)?
    ) {
        self.settings = settings
        cache = CredentialCache(folder: cacheFolder)
        self.askCode = askCode
    }

    /// - Throws: `credentialsUnavailable`, `configurationInvalid`, `controlPlaneUnreachable`, `requestRefused`.
    package func resolve() throws -> ExpiringCredentials {
        let name = settings.profileName
        if !settings.choice.excludesEnvironmentKeys, let found = try environmentCredentials() { return found }
        if let options = settings.options(of: name), AssumedRole.isNamed(by: options) {
            return try roleCredentials(of: name, visited: [name])
        }
        if let found = try profileCredentials(
            name,
            usesEnvironment: !settings.choice.excludesEnvironmentKeys
        ) {
            return found
        }
        if let found = try ContainerCredentials(settings).fetch() { return found }
        if let found = try InstanceMetadata(settings).credentials() { return found }
        throw LatchkeyError(
            .credentialsUnavailable,
            "there are no credentials for the profile '\(name.terminalSafe)'",
            hint:
                "aws configure\(settings.profileArgument) sets an access key, aws configure sso\(settings.profileArgument) "
                + "a login; --local uses this machine's own instances"
        )
    }

    /// What a profile has by itself, without a role.
    func profileCredentials(_ name: String, usesEnvironment: Bool) throws -> ExpiringCredentials? {
        let options = settings.options(of: name) ?? SharedFiles.Options()
        if let found = try webIdentityCredentials(options, usesEnvironment: usesEnvironment) { return found }
        if let found = try SSOLogin(settings, profileName: name, options: options)?.credentials(cache) { return found }
        let profile = settings.files.profiles[name]
        if let found = try key(profile?.credentials, name, method: "shared-credentials-file") { return found }
        if let command = options["credential_process"] {
            return try CredentialProcess(command: command, profileName: name).run()
        }
        return try key(profile?.config, name, method: "config-file")
    }

    func environmentCredentials() throws -> ExpiringCredentials? {
        let variable = settings.variable
        guard let id = variable("AWS_ACCESS_KEY_ID") else { return nil }
        guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            throw LatchkeyError(
                .credentialsUnavailable,
                "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
                hint: "set both or none"
            )
        }
        let token = variable("AWS_SESSION_TOKEN") ?? variable("AWS_SECURITY_TOKEN")
        let expiration = try variable("AWS_CREDENTIAL_EXPIRATION")
            .map { text in
                guard let date = ExpiringCredentials.date(text) else {
                    throw LatchkeyError(.configurationInvalid, "AWS_CREDENTIAL_EXPIRATION is no date")
                }
                return date
            }
        let found = ExpiringCredentials(
            Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token),
            expiration: expiration,
            method: "env"
        )
        guard found.isGood(for: 0) else {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the access key in AWS_ACCESS_KEY_ID has expired",
                hint: "get a new one, or unset it"
            )
        }
        return found
    }

    private func key(
        _ options: SharedFiles.Options?,
        _ profile: String,
        method: String
    ) throws -> ExpiringCredentials? {
        guard let options, let id = options["aws_access_key_id"] else { return nil }
        guard let secret = options["aws_secret_access_key"] else {
            throw LatchkeyError(
                .credentialsUnavailable,
                "the profile '\(profile.terminalSafe)' has an aws_access_key_id and no aws_secret_access_key",
                hint: "aws configure --profile '\(profile.terminalSafe)' sets both"
            )
        }
        return ExpiringCredentials(
            Credentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: options["aws_security_token"] ?? options["aws_session_token"]
            ),
            method: method
        )
    }
}
