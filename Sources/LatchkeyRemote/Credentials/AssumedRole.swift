// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel

/// A role as a profile describes it.
struct AssumedRole: Equatable {
    /// Where the credentials come from that the role is asked for with.
    enum Origin: Equatable {
        case profile(String)
        case environment, instance, container
    }

    let arn: String
    let origin: Origin
    let externalID: String?
    /// The serial number or ARN of a device that shows codes.
    let device: String?
    /// Nil for one that is made up.
    let sessionName: String?
    /// Seconds.
    let duration: Int?

    /// A profile with a web identity token asks for its role by that.
    static func isNamed(by options: SharedFiles.Options) -> Bool {
        options["role_arn"] != nil && options["web_identity_token_file"] == nil
    }

    /// - Throws: `configurationInvalid` if the profile says both or neither of `source_profile` and
    ///   `credential_source`.
    init(_ options: SharedFiles.Options, profileName: String) throws {
        func invalid(_ why: String) -> LatchkeyError {
            LatchkeyError(
                .configurationInvalid,
                "the profile '\(profileName.terminalSafe)' assumes a role, but \(why)",
                hint:
                    "it needs a source_profile, or a credential_source: Environment, Ec2InstanceMetadata or EcsContainer"
            )
        }
        arn = options["role_arn"] ?? ""
        switch (options["source_profile"], options["credential_source"]) {
        case (let profile?, nil): origin = .profile(profile)
        case (nil, "Environment"): origin = .environment
        case (nil, "Ec2InstanceMetadata"): origin = .instance
        case (nil, "EcsContainer"): origin = .container
        case (nil, let source?): throw invalid("'\(source.terminalSafe)' is not a credential_source")
        case (nil, nil): throw invalid("does not say with whose credentials")
        case (_?, _?): throw invalid("has both a source_profile and a credential_source")
        }
        externalID = options["external_id"]
        device = options["mfa_serial"]
        sessionName = options["role_session_name"]
        duration = options["duration_seconds"].flatMap { Int($0) }
    }
}
