// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyRemote

/// Credentials that come from a service.
struct CredentialServiceTests {
    private func environment(
        _ scratch: Scratch,
        _ server: FakeAWS,
        _ config: String,
        _ more: [String: String] = [:]
    ) throws -> [String: String] {
        [
            "HOME": scratch.home, "AWS_CONFIG_FILE": try scratch.write("config", config),
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        .merging(more) { $1 }
    }

    private func code(_ body: () throws -> Void) -> (LatchkeyError.Code, String, String)? {
        do { try body() } catch let error as LatchkeyError {
            return (error.code, error.message, error.hint ?? "")
        } catch {}
        return nil
    }

    private static let roles = """
        [profile source]
        aws_access_key_id = AKIASOURCE
        aws_secret_access_key = s
        [profile role]
        role_arn = arn:aws:iam::123456789012:role/r001
        source_profile = source
        external_id = ext
        duration_seconds = 1800
        role_session_name = me
        [profile chain]
        role_arn = arn:aws:iam::123456789012:role/r002
        source_profile = role
        [profile own]
        role_arn = arn:aws:iam::123456789012:role/r003
        source_profile = own
        aws_access_key_id = AKIAOWN
        aws_secret_access_key = s
        [profile env]
        role_arn = arn:aws:iam::123456789012:role/r004
        credential_source = Environment
        [profile mfa]
        role_arn = arn:aws:iam::123456789012:role/r005
        source_profile = source
        mfa_serial = arn:aws:iam::1:mfa/me

        """

    @Test func `roles are assumed, one after the other, and kept for the next time`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let environment = try environment(scratch, server, Self.roles)
                let found = try RemoteFixture.credentials(
                    profile: "chain",
                    environment: environment,
                    cache: scratch.path
                )
                #expect(found.credentials.accessKeyID == "ASIAr002")
                #expect(found.method == "assume-role")
                let asked = try server.requests()
                #expect(asked.map(\.what) == ["AssumeRole", "AssumeRole"])
                #expect(asked[0].fields["key"] == "AKIASOURCE")
                #expect(asked[0].fields["scope"] == "eu-central-1/sts")
                #expect(asked[0].fields["ExternalId"] == "ext")
                #expect(asked[0].fields["DurationSeconds"] == "1800")
                #expect(asked[0].fields["RoleSessionName"] == "me")
                #expect(asked[1].fields["key"] == "ASIAr001")
                #expect(asked[1].fields["token"] == "T")
                let again = try RemoteFixture.credentials(
                    profile: "chain",
                    environment: environment,
                    cache: scratch.path
                )
                #expect(again.credentials == found.credentials)
                #expect(try server.requests().isEmpty)
                let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
                    .filter { $0.hasPrefix("credentials-") }
                #expect(files.count == 2)
                for file in files {
                    let mode = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(file)")
                    #expect((mode[.posixPermissions] as? Int) == 0o600)
                }
            }
        }
    }

    @Test func `a role's source may be its own profile, or the environment`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let more = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"]
                let environment = try environment(scratch, server, Self.roles, more)
                _ = try RemoteFixture.credentials(profile: "own", environment: environment, cache: scratch.path)
                _ = try RemoteFixture.credentials(profile: "env", environment: environment, cache: scratch.path)
                #expect(try server.requests().map { $0.fields["key"] } == ["AKIAOWN", "AKIAENV"])
            }
        }
    }

    @Test func `a code is asked for once, or it is said that nobody can be asked`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let environment = try environment(scratch, server, Self.roles)
                let failure = code {
                    _ = try RemoteFixture.credentials(profile: "mfa", environment: environment, cache: scratch.path)
                }
                #expect(failure?.0 == .credentialsUnavailable)
                #expect(failure?.1.contains("arn:aws:iam::1:mfa/me") == true)
                for _ in 0..<2 {
                    _ = try RemoteFixture.credentials(
                        profile: "mfa",
                        environment: environment,
                        cache: scratch.path,
                        askCode: { _ in "123456" }
                    )
                }
                let asked = try server.requests()
                #expect(asked.count == 1)
                #expect(asked.first?.fields["TokenCode"] == "123456")
                #expect(asked.first?.fields["SerialNumber"] == "arn:aws:iam::1:mfa/me")
            }
        }
    }

    @Test func `a role that may not be assumed is told with its name`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let environment = try environment(scratch, server, Self.roles)
                try server.plan(
                    "403 <ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
                )
                let failure = code {
                    _ = try RemoteFixture.credentials(profile: "role", environment: environment, cache: scratch.path)
                }
                #expect(failure?.0 == .requestRefused)
                #expect(
                    failure?.1
                        == "the profile 'role' may not use the role 'arn:aws:iam::123456789012:role/r001'"
                )
            }
        }
    }

    private static let login = """
        [profile sso]
        sso_session = s
        sso_account_id = 123456789012
        sso_role_name = Admin
        [sso-session s]
        sso_region = us-east-1
        sso_start_url = https://example.awsapps.com/start

        """

    @Test func `a login's token gets credentials, and one that is over says how to get another`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let environment = try environment(scratch, server, Self.login)
                func find() throws -> ExpiringCredentials {
                    try RemoteFixture.credentials(profile: "sso", environment: environment, cache: scratch.path)
                }
                func expectOver(_ words: String) {
                    let failure = code { _ = try find() }
                    #expect(failure?.0 == .credentialsUnavailable)
                    #expect(failure?.1 == "the login of the profile 'sso' \(words)")
                    #expect(failure?.2 == "aws sso login --profile 'sso'")
                }
                expectOver("has not begun")
                let folder = "\(scratch.home)/.aws/sso/cache"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                // SHA-1 of the session's name.
                let path = "\(folder)/a0f1490a20d0211c997b44bc357e1972deab8ae3.json"
                try scratch.write(path, #"{"accessToken": "good", "expiresAt": "2020-01-01T00:00:00Z"}"#)
                expectOver("has expired")
                try scratch.write(path, #"{"accessToken": "bad", "expiresAt": "2099-01-01T00:00:00UTC"}"#)
                expectOver("is no longer accepted")
                try scratch.write(path, "{}")
                expectOver("cannot be read")
                try scratch.write(path, #"{"accessToken": "good", "expiresAt": "2099-01-01T00:00:00Z"}"#)
                _ = try server.requests()
                #expect(try find().credentials.accessKeyID == "ASIASSO")
                #expect(
                    try server.requests().map(\.what)
                        == ["/federation/credentials?role_name=Admin&account_id=123456789012"]
                )
            }
        }
    }

    @Test func `a login's token is renewed before its end, once, and kept as the AWS tools keep it`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let environment = try environment(scratch, server, Self.login)
                let folder = "\(scratch.home)/.aws/sso/cache"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let path = "\(folder)/a0f1490a20d0211c997b44bc357e1972deab8ae3.json"
                func write(_ token: String, endsIn seconds: Double, renewal: String?, registered: String = "2099")
                    throws
                {
                    var fields = [
                        "accessToken": token, "expiresAt": Date().addingTimeInterval(seconds).formatted(.iso8601),
                        "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "\(registered)-01-01T00:00:00Z",
                    ]
                    fields["refreshToken"] = renewal
                    try scratch.write(path, String(decoding: try JSONEncoder().encode(fields), as: UTF8.self))
                }
                // Each with a cache of its own, so that the token is needed.
                var caches = 0
                func find() throws -> [String] {
                    caches += 1
                    _ = try server.requests()
                    let found = try RemoteFixture.credentials(
                        profile: "sso",
                        environment: environment,
                        cache: "\(scratch.path)/cache\(caches)"
                    )
                    #expect(found.credentials.accessKeyID == "ASIASSO")
                    return try server.requests().map { String($0.what.prefix { $0 != "?" }) }
                }
                func expect(_ wanted: [String], _ location: SourceLocation = #_sourceLocation) throws {
                    let found = try find()
                    #expect(found == wanted, sourceLocation: location)
                }
                let (renewal, use) = ("/token", "/federation/credentials")

                // There is time yet.
                try write("good", endsIn: 1000, renewal: "r0")
                try expect([use])
                // One that is over, and one that soon will be.
                try write("old", endsIn: -60, renewal: "r0")
                try expect([renewal, use])
                let kept = try JSONDecoder().decode([String: String].self, from: Data(try scratch.read(path).utf8))
                #expect(kept["accessToken"] == "good" && kept["refreshToken"] == "r1" && kept["clientSecret"] == "s")
                #expect(kept["startUrl"] == "https://example.awsapps.com/start" && kept["region"] == "us-east-1")
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
                try expect([use])
                try write("old", endsIn: 600, renewal: "r1")
                try expect([renewal, use])

                // What cannot be renewed is used until its end, and over then.
                try write("good", endsIn: 600, renewal: "no")
                try expect([renewal, use])
                try server.plan("503 {}")
                try write("good", endsIn: 600, renewal: "r2")
                try expect([renewal, use])
                for (renewal, registered) in [("no", "2099"), ("r2", "2020"), (nil, "2099")] {
                    try write("good", endsIn: -60, renewal: renewal, registered: registered)
                    let failure = code { _ = try find() }
                    #expect(failure?.0 == .credentialsUnavailable)
                    #expect(failure?.1 == "the login of the profile 'sso' has expired")
                    #expect(failure?.2 == "aws sso login --profile 'sso'")
                }
                try server.plan("503 {}")
                try write("good", endsIn: -60, renewal: "r2")
                #expect(code { _ = try find() }?.0 == .controlPlaneUnreachable)

                // botocore takes what was written, and renews it in its turn.
                try write("old", endsIn: -60, renewal: "r2")
                try expect([renewal, use])
            }
        }
    }

    @Test func `containers and instances are told theirs`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let container = try environment(
                    scratch,
                    server,
                    "",
                    [
                        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/container",
                        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok",
                    ]
                )
                let first = try RemoteFixture.credentials(profile: nil, environment: container, cache: scratch.path)
                #expect(first.method == "container-role")
                let elsewhere = container.merging(
                    ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"]
                ) { $1 }
                let failure = code {
                    _ = try RemoteFixture.credentials(profile: nil, environment: elsewhere, cache: scratch.path)
                }
                #expect(failure?.0 == .configurationInvalid)
                let instance = try environment(
                    scratch,
                    server,
                    "",
                    ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url]
                )
                _ = try server.requests()
                let second = try RemoteFixture.credentials(profile: nil, environment: instance, cache: scratch.path)
                #expect(second.method == "iam-role")
                #expect(
                    try server.requests().map(\.what) == [
                        "/latest/api/token", "/latest/meta-data/iam/security-credentials/",
                        "/latest/meta-data/iam/security-credentials/my-role",
                    ]
                )
            }
        }
    }

    @Test func `a web identity token is sent without a signature`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let more = [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": try scratch.write("token", "jwt\n"),
                    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r009",
                ]
                let environment = try environment(scratch, server, "", more)
                let found = try RemoteFixture.credentials(profile: nil, environment: environment, cache: scratch.path)
                #expect(found.credentials.accessKeyID == "ASIAr009")
                let asked = try #require(try server.requests().first)
                #expect(asked.what == "AssumeRoleWithWebIdentity")
                #expect(asked.fields["WebIdentityToken"] == "jwt")
                #expect(asked.fields["key"] == nil)
            }
        }
    }
}
