// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// What the user said about which remote control plane to ask.
package struct RemoteSelection: Equatable, Sendable {
    /// Where the profile's name comes from.
    package enum Source: Equatable, Sendable {
        /// `--profile`, or nothing but a region or endpoint.
        case option
        /// An environment variable; its name.
        case variable(String)

        /// For messages.
        package var message: String {
            switch self {
            case .option: "given by option"
            case .variable(let name): "named by \(name)"
            }
        }
    }

    /// Nil for the default one.
    package var profile: String?
    package var region: String?
    /// For all of the control plane's services.
    package var endpointURL: String?
    /// Whether servers beyond this machine may be asked without TLS.
    package var allowsCleartext: Bool
    package var source: Source

    package init(
        profile: String?,
        region: String? = nil,
        endpointURL: String? = nil,
        allowsCleartext: Bool = false,
        source: Source = .option
    ) {
        self.profile = profile
        self.region = region
        self.endpointURL = endpointURL
        self.allowsCleartext = allowsCleartext
        self.source = source
    }

    /// What the options and else the environment choose: `--profile`, `--region`, `--endpoint-url`, `LATCHKEY_PROFILE`,
    /// `AWS_PROFILE`. `AWS_REGION`, `AWS_ENDPOINT_URL` and access keys in the environment choose nothing by themselves,
    /// since many shells have them set for other tools.
    ///
    /// - Returns: nil for the embedded control plane.
    package static func made(
        profile: String?,
        region: String?,
        endpointURL: String?,
        allowsCleartext: Bool = false,
        variable: (String) -> String? = Environment.value
    ) -> RemoteSelection? {
        let named = ["LATCHKEY_PROFILE", "AWS_PROFILE"]
            .compactMap { name in variable(name).map { (name: name, value: $0) } }.first
        guard profile != nil || region != nil || endpointURL != nil || named != nil else { return nil }
        let isOption = profile != nil || named == nil
        return RemoteSelection(
            profile: profile ?? named?.value,
            region: region,
            endpointURL: endpointURL,
            allowsCleartext: allowsCleartext,
            source: isOption ? .option : .variable(named?.name ?? "")
        )
    }

    /// Whether access keys in the environment stand back: a profile was asked for by name (as botocore has it for
    /// `--profile`, but not for `AWS_PROFILE`).
    var excludesEnvironmentKeys: Bool {
        guard profile != nil else { return false }
        return source != .variable("AWS_PROFILE")
    }
}
