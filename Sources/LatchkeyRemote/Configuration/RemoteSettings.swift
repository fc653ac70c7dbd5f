// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem
package import LatchkeyTransport

/// Everything that says where to ask and how, found where the AWS tools look for it: options, environment, shared
/// files.
package struct RemoteSettings: Sendable {
    /// A service of the control plane, by the name that its endpoints and variables carry.
    package enum Service: String, Sendable {
        case ec2, ssm, sts
        case instanceConnect = "ec2-instance-connect"
        case sso = "portal.sso"
        /// Of IAM Identity Center, too: it gives and renews tokens.
        case oidc

        /// In `AWS_ENDPOINT_URL_…`, and in small letters in a `services` section.
        var variableSuffix: String {
            switch self {
            case .ec2, .ssm, .sts: rawValue.uppercased()
            case .instanceConnect: "EC2_INSTANCE_CONNECT"
            case .sso: "SSO"
            case .oidc: "SSO_OIDC"
            }
        }

        /// Whether it is a part of the control plane, rather than of finding credentials.
        fileprivate var isControlPlane: Bool {
            switch self {
            case .ec2, .ssm, .instanceConnect: true
            case .sts, .sso, .oidc: false
            }
        }
    }

    package let choice: RemoteSelection
    let files: SharedFiles
    let variable: @Sendable (String) -> String?
    let home: String

    /// The profile in force; `default` if none was named.
    package var profileName: String { choice.profile ?? variable("AWS_DEFAULT_PROFILE") ?? "default" }

    /// - Throws: `configurationInvalid` if a file cannot be read or the profile is not there, `fileUnusable`.
    package init(
        _ choice: RemoteSelection,
        home: String = Environment.home,
        variable: @escaping @Sendable (String) -> String? = { Environment.value($0) }
    ) throws {
        self.choice = choice
        self.home = home
        self.variable = variable
        func path(_ name: String, _ fallback: String) -> String {
            RemoteSettings.expanded(variable(name) ?? fallback, home: home)
        }
        files = try SharedFiles(
            configPath: path("AWS_CONFIG_FILE", "~/.aws/config"),
            credentialsPath: path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
        )
        if files.profiles[profileName] == nil, choice.profile != nil || variable("AWS_DEFAULT_PROFILE") != nil {
            throw RemoteSettings.profileNotFound(profileName, files)
        }
    }

    private static func profileNotFound(_ name: String, _ files: SharedFiles) -> LatchkeyError {
        let places = "'\(files.configPath.terminalSafe)' and '\(files.credentialsPath.terminalSafe)'"
        let others = files.profiles.keys.sorted().prefix(8).map { "'\($0.terminalSafe)'" }
        return LatchkeyError(
            .configurationInvalid,
            "no profile '\(name.terminalSafe)' in \(places)",
            hint: others.isEmpty
                ? "aws configure --profile '\(name.terminalSafe)' makes it"
                : "there \(others.count == 1 ? "is" : "are") \(others.joined(separator: ", "))"
        )
    }

    /// The profile's own options.
    var profile: SharedFiles.Options { files.profiles[profileName]?.merged ?? SharedFiles.Options() }

    /// The options of any profile; nil if there is none of that name.
    func options(of name: String) -> SharedFiles.Options? { files.profiles[name]?.merged }

    static func expanded(_ path: String, home: String) -> String {
        path == "~" || path.hasPrefix("~/") ? home + path.dropFirst(1) : path
    }

    // MARK: Region and endpoints

    /// The region to ask and to sign for. A server of one's own that no region is set for gets AWS's first one.
    ///
    /// - Throws: `configurationInvalid` if none is set, or it is none.
    package func region() throws -> String {
        let found = choice.region ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? profile["region"]
        guard let region = try found ?? (endpointSetting(.ec2) == nil ? nil : "us-east-1") else {
            throw LatchkeyError(
                .configurationInvalid,
                "no region is set for the profile '\(profileName.terminalSafe)'",
                hint: "--region NAME, AWS_REGION, or: aws configure set region NAME --profile "
                    + "'\(profileName.terminalSafe)'"
            )
        }
        return try RemoteSettings.checked(region: region)
    }

    /// It becomes part of a host's name.
    static func checked(region: String) throws -> String {
        let isRegion = (1...63).contains(region.utf8.count) && region.utf8.allSatisfy(isLabelCharacter)
        guard isRegion, !region.hasPrefix("-"), !region.hasSuffix("-") else {
            throw LatchkeyError(
                .configurationInvalid,
                "'\(region.terminalSafe)' is not a region",
                hint: "regions are called like eu-central-1"
            )
        }
        return region
    }

    private static func isLabelCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Where a service is.
    ///
    /// - Throws: `configurationInvalid`.
    package func address(of service: Service, region: String) throws -> ServerAddress {
        let url = try endpointSetting(service)?.url ?? "https://\(host(of: service, region: region))"
        do throws(TransportError) {
            return try ServerAddress(endpoint: url, allowsCleartext: choice.allowsCleartext)
        } catch {
            var hint = "--endpoint-url, AWS_ENDPOINT_URL or endpoint_url in the profile sets it"
            if case .cleartext = error { hint = "use https://, or --insecure to ask it without encryption" }
            throw LatchkeyError(.configurationInvalid, "the endpoint \(error.message)", hint: hint)
        }
    }

    private func host(of service: Service, region: String) -> String {
        let partition = Partition(region: region)
        let name = service.rawValue + (flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") ? "-fips" : "")
        let isDualStack = flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        return "\(name).\(region).\(isDualStack ? partition.dualStackSuffix : partition.suffix)"
    }

    /// In botocore's order; `--endpoint-url` stands before all, for the services that are the control plane.
    ///
    /// - Returns: the URL, and the name of what says it, for messages; nil if nothing does.
    /// - Throws: `configurationInvalid` if the profile names a `services` section that is not there.
    private func endpointSetting(_ service: Service) throws -> (url: String, name: String)? {
        if let url = choice.endpointURL, service.isControlPlane { return (url, "--endpoint-url") }
        guard !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") else { return nil }
        for name in ["AWS_ENDPOINT_URL_\(service.variableSuffix)", "AWS_ENDPOINT_URL"] {
            if let url = variable(name) { return (url, name) }
        }
        if let name = profile["services"] {
            guard let section = files.services[name] else {
                throw LatchkeyError(
                    .configurationInvalid,
                    "the profile '\(profileName.terminalSafe)' names the section 'services \(name.terminalSafe)', which is "
                        + "not in '\(files.configPath.terminalSafe)'"
                )
            }
            let url = section.nested[service.variableSuffix.lowercased()]?["endpoint_url"]
            if let url, !url.isEmpty { return (url, "endpoint_url in 'services \(name.terminalSafe)'") }
        }
        return profile["endpoint_url"].map { ($0, "endpoint_url in profile '\(profileName.terminalSafe)'") }
    }

    /// What says where a service is, for messages; nil if that follows from the region alone.
    func endpointName(_ service: Service) -> String? { (try? endpointSetting(service))?.name }

    /// Whether the words are `true`, in the environment or else in the profile.
    func flag(_ name: String, _ option: String) -> Bool {
        (variable(name) ?? profile[option])?.lowercased() == "true"
    }

    // MARK: How

    /// Whose certificates are trusted: `AWS_CA_BUNDLE`, `ca_bundle`, else the system's.
    package var trust: Trust {
        Trust(authorities: authoritiesSetting.map { RemoteSettings.expanded($0.path, home: home) })
    }

    /// The file of authorities, and the name of what says it. The variable wins, as it does for the AWS tools.
    var authoritiesSetting: (path: String, name: String)? {
        if let file = variable("AWS_CA_BUNDLE") { return (file, "AWS_CA_BUNDLE") }
        return profile["ca_bundle"].map { ($0, "ca_bundle in profile '\(profileName.terminalSafe)'") }
    }

    /// How often a request is sent at the most.
    var attempts: Int {
        (variable("AWS_MAX_ATTEMPTS") ?? profile["max_attempts"]).flatMap { Int($0) }.map { max(1, $0) } ?? 3
    }

    /// What a person can do about credentials, which depends on how the profile gets them.
    var profileArgument: String { profileName == "default" ? "" : " --profile '\(profileName.terminalSafe)'" }
}
