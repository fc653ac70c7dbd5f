// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport

/// A login of IAM Identity Center that `aws sso login` made: its token gets credentials of a role.
struct SSOLogin {
    private let settings: RemoteSettings
    private let profileName: String
    private let accountID: String
    private let roleName: String
    private let startURL: String
    private let region: String
    /// Nil for the older form, which is named by its start URL.
    private let session: String?

    private struct Answer: Decodable {
        struct Key: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            /// Milliseconds since 1970.
            let expiration: Double
        }

        let roleCredentials: Key
    }

    /// - Returns: nil if the profile has no such login.
    /// - Throws: `configurationInvalid` if something is missing in it.
    init?(_ settings: RemoteSettings, profileName: String, options: SharedFiles.Options) throws {
        guard options["sso_role_name"] != nil || options["sso_account_id"] != nil else { return nil }
        func invalid(_ why: String) -> LatchkeyError {
            LatchkeyError(
                .configurationInvalid,
                "the profile '\(profileName.terminalSafe)' uses IAM Identity Center, but \(why)",
                hint: "aws configure sso --profile '\(profileName.terminalSafe)' sets it up anew"
            )
        }
        var merged = options
        session = options["sso_session"]
        if let session {
            guard let section = settings.files.sessions[session] else {
                throw invalid("there is no 'sso-session \(session.terminalSafe)'")
            }
            for (name, value) in section.values {
                if let own = merged[name], own != value { throw invalid("\(name) differs from its sso-session's") }
                merged.values[name] = value
            }
        }
        func required(_ name: String) throws -> String {
            guard let value = merged[name] else { throw invalid("has no \(name)") }
            return value
        }
        self.settings = settings
        self.profileName = profileName
        accountID = try required("sso_account_id")
        roleName = try required("sso_role_name")
        startURL = try required("sso_start_url")
        region = try RemoteSettings.checked(region: try required("sso_region"))
    }

    /// - Throws: `credentialsUnavailable`, `controlPlaneUnreachable`, `requestRefused`.
    func credentials(_ cache: CredentialCache) throws -> ExpiringCredentials {
        try cache.credentials(["sso", startURL, session ?? "", accountID, roleName]) { try fetch() }
    }

    private func fetch() throws -> ExpiringCredentials {
        let token = try token()
        var path = "/federation/credentials"
        path +=
            "?role_name=\(PercentEncoding.encode(roleName.utf8))&account_id=\(PercentEncoding.encode(accountID.utf8))"
        let address = try settings.address(of: .sso, region: region).with(path: path)
        let action = "sso:GetRoleCredentials"
        do throws(ServiceFailure) {
            let response = try settings.retries.run(isIdempotent: true) { () throws(ServiceFailure) in
                try get(address, token)
            }
            guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
                throw .malformed(action)
            }
            let key = answer.roleCredentials
            return ExpiringCredentials(
                Credentials(
                    accessKeyID: key.accessKeyId,
                    secretAccessKey: key.secretAccessKey,
                    sessionToken: key.sessionToken
                ),
                expiration: Date(timeIntervalSince1970: key.expiration / 1000),
                method: "sso"
            )
        } catch .refused(_, 401, _) {
            throw ended("is no longer accepted")
        } catch .refused(_, 403, _) {
            throw LatchkeyError(
                .requestRefused,
                "the login of the profile '\(profileName.terminalSafe)' has no role '\(roleName.terminalSafe)' in the account "
                    + "\(accountID.terminalSafe)",
                hint: "aws configure sso --profile '\(profileName.terminalSafe)' lists the ones it has"
            )
        } catch {
            throw settings.error(error, doing: action, named: "the role '\(roleName.terminalSafe)'", profileName)
        }
    }

    private func get(_ address: ServerAddress, _ token: String) throws(ServiceFailure) -> HTTPResponse {
        let response: HTTPResponse
        do throws(TransportError) {
            response = try HTTPExchange.perform(
                HTTPRequest("GET", address, headers: [("x-amz-sso_bearer_token", token)]),
                trust: settings.trust,
                timeout: 15_000
            )
        } catch {
            throw .unreachable(error)
        }
        guard response.status == 200 else { throw ServiceClient.failure(response) }
        return response
    }

    /// - Throws: `credentialsUnavailable` if there is none that is good still, `controlPlaneUnreachable` if it could not be
    ///   renewed.
    private func token() throws -> String {
        let folder = "\(settings.home)/.aws/sso/cache"
        let name = Hex.encode(Digest.sha1(Array((session ?? startURL).utf8)))
        let path = "\(folder)/\(name).json"
        var token = try kept(path)
        if !token.isGood(for: SSOToken.renewalTime), token.canBeRenewed(), session != nil, access(folder, W_OK) == 0 {
            // What renews it is good once, and another process may be at it.
            let lock = FolderLock(folder)
            lock.take(LOCK_EX)
            token = try kept(path)
            if !token.isGood(for: SSOToken.renewalTime) { token = try renewed(token, path) }
        }
        guard token.isGood(for: 0) else { throw ended("has expired") }
        return token.accessToken
    }

    private func kept(_ path: String) throws -> SSOToken {
        guard let content = try StateFile.read(path) else { throw ended("has not begun") }
        guard let token = SSOToken(json: content), isHeaderValue(token.accessToken) else {
            throw ended("cannot be read")
        }
        return token
    }

    /// Another token in its place, which is kept; the one there is, if it is refused, or there is no answer, while it is still good.
    private func renewed(_ token: SSOToken, _ path: String) throws -> SSOToken {
        let endpoint = try settings.address(of: .oidc, region: region)
        let renewed: SSOToken
        do throws(ServiceFailure) {
            renewed = try token.renewed(
                at: endpoint,
                trust: settings.trust,
                startURL: startURL,
                region: region
            )
        } catch {
            if case .refused(_, let status, _) = error, status < 500 { return token }
            guard token.isGood(for: 0) else {
                throw settings.error(
                    error,
                    doing: "oidc:CreateToken",
                    named: "another token for the login of the profile '\(profileName.terminalSafe)'",
                    profileName
                )
            }
            return token
        }
        guard isHeaderValue(renewed.accessToken) else { return token }
        try StateFile.write(path, renewed.json)
        return renewed
    }

    private func isHeaderValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    private func ended(_ why: String) -> LatchkeyError {
        LatchkeyError(
            .credentialsUnavailable,
            "the login of the profile '\(profileName.terminalSafe)' \(why)",
            hint: "aws sso login --profile '\(profileName.terminalSafe)'"
        )
    }
}
