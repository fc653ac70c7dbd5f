// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyTransport

extension RemoteSettings {
    var retries: RetryPolicy { RetryPolicy(attempts: attempts) }

    /// A service's refusal or silence, for the person who asked.
    ///
    /// - Parameters:
    ///   - action: as policies name it, for example `ec2:DescribeInstances`.
    ///   - subject: what it was about; nil for the control plane as such.
    ///   - profileName: whose credentials were used; nil for the profile in force.
    func error(
        _ failure: ServiceFailure,
        doing action: String,
        named subject: String? = nil,
        _ profileName: String? = nil
    ) -> LatchkeyError {
        let profile = "the profile '\((profileName ?? self.profileName).terminalSafe)'"
        let service = action.prefix { $0 != ":" }.uppercased()
        switch failure {
        case .unreachable(let error):
            let known = service == "SSO" ? .sso : Service(rawValue: service.lowercased())
            let region = (try? place(of: known)) ?? ""
            return LatchkeyError(
                .controlPlaneUnreachable,
                "\(service)\(region) cannot be reached: \(error.message)",
                hint: reachHint(error, known)
            )
        case .malformed: return LatchkeyError(.controlPlaneUnreachable, "\(service): \(failure.message)")
        case .refused(let code, let status, let message):
            return refusal(code, status, message.isEmpty ? code : "\(message) (\(code))", action, subject, profile)
        }
    }

    private func refusal(
        _ code: String,
        _ status: Int,
        _ message: String,
        _ action: String,
        _ subject: String?,
        _ profile: String
    ) -> LatchkeyError {
        if message.hasPrefix("this machine's clock is") {
            return LatchkeyError(.requestRefused, message, hint: "set it right; requests are signed with the time")
        }
        switch code {
        // The signature's time, whatever the credentials are.
        case "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed":
            return LatchkeyError(
                .requestRefused,
                "the request was too old, or too new, when it arrived: \(message)",
                hint: "is this machine's clock right? requests are signed with the time"
            )
        case "ExpiredToken", "ExpiredTokenException":
            return LatchkeyError(
                .credentialsUnavailable,
                "the credentials of \(profile) have expired",
                hint: "get new ones where these came from, for example: aws sso login\(profileArgument)",
                cause: message
            )
        case "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
            "InvalidAccessKeyId", "MissingAuthenticationToken", "IncompleteSignature", "InvalidSignatureException":
            return LatchkeyError(
                .credentialsUnavailable,
                "the credentials of \(profile) were not accepted: \(message)",
                hint: "is it the right profile, and the right endpoint for it?"
            )
        case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException":
            return LatchkeyError(
                .requestRefused,
                subject.map { "\(profile) may not use \($0)" } ?? "\(profile) may not do \(action)",
                hint: subject == nil
                    ? "a policy has to allow \(action)"
                    : "its trust policy, or one of the caller's, has to allow \(action)",
                cause: message
            )
        default:
            return LatchkeyError(
                status >= 500 ? .controlPlaneUnreachable : .requestRefused,
                "\(subject ?? action) was refused: \(message)"
            )
        }
    }

    /// Where a service is, in words: AWS's by the region, another one by its address.
    private func place(of service: Service?) throws -> String {
        let region = try region()
        guard let service else { return " in '\(region)'" }
        let address = try address(of: service, region: region)
        return Partition.isAmazon(host: address.host) ? " in '\(region)'" : " at \(address.httpOrigin)"
    }

    /// - Parameter service: that was asked; nil for one that the profile's endpoints say nothing of.
    private func reachHint(_ error: TransportError, _ service: Service?) -> String {
        if case .proxyFailed = error { return "https_proxy names it, and no_proxy what is reached directly" }
        if case .untrusted(let why) = error {
            if why.contains("not yet valid") || why.contains("expired") { return "is this machine's clock right?" }
            guard let authorities = authoritiesSetting else {
                return "AWS_CA_BUNDLE or ca_bundle names a file with the CA that signed it"
            }
            let hint =
                "the CA in '\(authorities.path.terminalSafe)' did not sign this server's certificate; \(authorities.name) "
                + "names that file"
            // Easily forgotten.
            return authorities.name == "AWS_CA_BUNDLE" && profile["ca_bundle"] != nil
                ? "\(hint), and wins over the profile's ca_bundle" : hint
        }
        if let name = service.flatMap(endpointName) { return "check \(name)" }
        if case .dial(.unknownHost) = error { return "is the region right?" }
        return "check the network and the region"
    }
}
