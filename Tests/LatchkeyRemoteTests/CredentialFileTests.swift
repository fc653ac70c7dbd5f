// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyRemote

/// Which credentials a profile has, beside botocore's answer for the same files and environment.
struct CredentialFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        var config = ""
        var credentials = ""
        var environment: [String: String] = [:]
        /// As by `--profile`.
        var profile: String?
        var testDescription: String { what }
    }

    static let cases = [
        Case(what: "nothing at all"),
        Case(what: "the credentials file", credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=B\n"),
        Case(
            what: "a session token",
            credentials: "[x]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\n",
            profile: "x"
        ),
        Case(
            what: "the older name of the token counts first",
            credentials:
                "[x]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\naws_security_token=D\n",
            profile: "x"
        ),
        Case(
            what: "the config file",
            config: "[profile x]\naws_access_key_id=A\naws_secret_access_key=B\n",
            profile: "x"
        ),
        Case(
            what: "the credentials file before the config file",
            config: "[profile x]\naws_access_key_id=A\naws_secret_access_key=B\n",
            credentials: "[x]\naws_access_key_id=C\naws_secret_access_key=D\n",
            profile: "x"
        ),
        Case(
            what: "the environment",
            credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=B\n",
            environment: ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F", "AWS_SESSION_TOKEN": "G"]
        ),
        Case(
            what: "a profile that is named before the environment",
            credentials: "[x]\naws_access_key_id=A\naws_secret_access_key=B\n",
            environment: ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F"],
            profile: "x"
        ),
        Case(
            what: "the environment before AWS_PROFILE",
            credentials: "[x]\naws_access_key_id=A\naws_secret_access_key=B\n",
            environment: ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F", "AWS_PROFILE": "x"]
        ),
        Case(
            what: "AWS_PROFILE",
            credentials: "[x]\naws_access_key_id=A\naws_secret_access_key=B\n[default]\naws_access_key_id=C\n",
            environment: ["AWS_PROFILE": "x"]
        ),
        Case(what: "half an environment", environment: ["AWS_ACCESS_KEY_ID": "E"]),
        Case(what: "half a profile", credentials: "[x]\naws_access_key_id=A\n", profile: "x"),
        Case(
            what: "a process",
            config:
                "[profile x]\ncredential_process = PRINT '{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"Q\"}'\n",
            profile: "x"
        ),
        Case(
            what: "a key in the credentials file before a process",
            config: "[profile x]\ncredential_process = PRINT '{}'\n",
            credentials: "[x]\naws_access_key_id=A\naws_secret_access_key=B\n",
            profile: "x"
        ),
        Case(
            what: "a process before a key in the config file",
            config: """
                [profile x]
                credential_process = PRINT '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"Q","SessionToken":"R",\
                "Expiration":"2099-01-01T00:00:00Z"}'
                aws_access_key_id=A
                aws_secret_access_key=B

                """,
            profile: "x"
        ),
        Case(
            what: "a process of another version",
            config:
                "[profile x]\ncredential_process = PRINT '{\"Version\":2,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"Q\"}'\n",
            profile: "x"
        ),
        Case(
            what: "a process without a secret",
            config: "[profile x]\ncredential_process = PRINT '{\"Version\":1,\"AccessKeyId\":\"P\"}'\n",
            profile: "x"
        ),
        Case(what: "a process that fails", config: "[profile x]\ncredential_process = false\n", profile: "x"),
        Case(what: "a process that is none", config: "[profile x]\ncredential_process = /no/such 'x'\n", profile: "x"),
        Case(
            what: "a quoted name",
            config: "[profile \"my name\"]\naws_access_key_id=A\naws_secret_access_key=B\n",
            profile: "my name"
        ),
        Case(
            what: "two profiles that lead to each other",
            config: "[profile x]\nrole_arn=r\nsource_profile=y\n[profile y]\nrole_arn=s\nsource_profile=x\n",
            profile: "x"
        ),
        Case(what: "a role of nobody's", config: "[profile x]\nrole_arn=r\n", profile: "x"),
        Case(
            what: "a role of two",
            config: "[profile x]\nrole_arn=r\nsource_profile=y\ncredential_source=Environment\n[profile y]\n",
            profile: "x"
        ),
        Case(what: "a source that is not there", config: "[profile x]\nrole_arn=r\nsource_profile=y\n", profile: "x"),
        Case(what: "a source of another kind", config: "[profile x]\nrole_arn=r\ncredential_source=Y\n", profile: "x"),
        Case(
            what: "a login without a session",
            config: "[profile x]\nsso_session=s\nsso_account_id=1\nsso_role_name=r\n",
            profile: "x"
        ),
        Case(
            what: "a login that says two things",
            config: """
                [profile x]
                sso_session=s
                sso_account_id=1
                sso_role_name=r
                sso_region=eu-central-1
                [sso-session s]
                sso_region=us-east-1
                sso_start_url=https://x/

                """,
            profile: "x"
        ),
        Case(
            what: "blank values",
            config: "[profile x]\nregion =\nca_bundle =\nendpoint_url =\nweb_identity_token_file =\n",
            credentials: "[x]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token =\n",
            profile: "x"
        ),
        Case(what: "a profile that is not there", credentials: "[y]\n", profile: "x"),
        Case(what: "a file that is broken", config: "[profile x]\nbroken\n", profile: "x"),
    ]

    private struct Found: Decodable, Equatable {
        let key: String
        let secret: String
        let token: String?
        let method: String
    }

    private static let script = Script.text("botocore_credentials")

    @Test(arguments: cases) func `credentials are found where botocore finds them`(_ item: Case) throws {
        try Scratch.with { scratch in
            let print = try scratch.writeProgram("print", "#!/bin/sh\nprintf %s \"$1\"\n")
            let config = try scratch.write("config", item.config.replacingOccurrences(of: "PRINT", with: print))
            let environment = item.environment.merging([
                "HOME": scratch.home, "AWS_CONFIG_FILE": config,
                "AWS_SHARED_CREDENTIALS_FILE": try scratch.write("credentials", item.credentials),
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1",
            ]) { $1 }
            let expected = try Botocore.run(
                Self.script,
                [item.profile ?? ""],
                environment: environment,
                as: Found?.self
            )
            let found = try? RemoteFixture.credentials(
                profile: item.profile,
                environment: environment,
                cache: scratch.path
            )
            #expect(
                found.map {
                    Found(
                        key: $0.credentials.accessKeyID,
                        secret: $0.credentials.secretAccessKey,
                        token: $0.credentials.sessionToken,
                        method: $0.method
                    )
                } == expected
            )
        }
    }
}

/// A chain over a given environment.
enum RemoteFixture {
    /// Variables for a program under test: these, and none of this process's own that the AWS tools heed.
    static func environment(_ variables: [String: String?]) -> [String: String?] {
        var all: [String: String?] = [:]
        for name in ProcessInfo.processInfo.environment.keys
        where name.hasPrefix("AWS_") || name == "LATCHKEY_PROFILE" { all.updateValue(nil, forKey: name) }
        return all.merging(variables) { $1 }
    }

    static func settings(profile: String?, environment: [String: String]) throws -> RemoteSettings {
        var choice = RemoteSelection(profile: profile)
        if profile == nil, let name = environment["AWS_PROFILE"] {
            choice = RemoteSelection(profile: name, source: .variable("AWS_PROFILE"))
        }
        return try RemoteSettings(choice, home: environment["HOME"] ?? "/nonexistent") { environment[$0] }
    }

    static func credentials(
        profile: String?,
        environment: [String: String],
        cache: String,
        askCode: (@Sendable (String) throws -> String)? = nil
    ) throws -> ExpiringCredentials {
        try CredentialChain(
            settings(profile: profile, environment: environment),
            cacheFolder: cache,
            askCode: askCode
        )
        .resolve()
    }
}
