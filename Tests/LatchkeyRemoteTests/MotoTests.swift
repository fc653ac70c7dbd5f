// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Against moto's server, which is another's idea of EC2 and STS, where it is on the PATH.
struct MotoTests {
    private static let isThere = (try? Execution.run(["sh", "-c", "command -v moto_server"]).status) == 0

    private static let seed = Script.text("moto_seed")

    @Test(.enabled(if: isThere, "moto_server is not on the PATH"))
    func `instances, key pairs and roles are moto's`() throws {
        try Scratch.with { scratch in
            let port = try TestRelay.freePort()
            let daemon = try BackgroundProcess(["moto_server", "-p", String(port)])
            defer { daemon.stop() }
            let url = "http://127.0.0.1:\(port)"
            try TestRelay.wait(for: "moto") {
                try Execution.run(["curl", "-sf", "-m", "30", "-o", "/dev/null", "\(url)/moto-api/"]).status == 0
            }
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/key"])
            let id =
                try Execution.require(
                    ["python3", "-c", Self.seed, url, "\(scratch.path)/key.pub"],
                    environment: RemoteFixture.environment(["AWS_EC2_METADATA_DISABLED": "true"])
                )
                .line
            let config = """
                [profile base]
                aws_access_key_id = AKIAIOSFODNN7EXAMPLE
                aws_secret_access_key = s
                [profile role]
                region = eu-central-1
                endpoint_url = \(url)
                role_arn = arn:aws:iam::123456789012:role/reader
                source_profile = base

                """
            let environment = RemoteFixture.environment([
                "AWS_CONFIG_FILE": try scratch.write("aws-config", config), "LATCHKEY_PROFILE": "role",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            ])
            func run(_ words: String...) throws -> Execution {
                try Execution.run(
                    [Scratch.program] + words,
                    environment: scratch.environment.merging(environment) { $1 }
                )
            }
            let shown = try run("instance", "show", "web-1")
            #expect(shown.text.contains(id) && shown.text.contains("ubuntu"), "\(shown.text)\(shown.error)")
            #expect(try run("instance", "list", "-q", "web").line == id)
            #expect(try run("instance", "list", "-q", id).line == id)
            #expect(try run("instance", "list", "-q", "tag:env=prod").line.split(separator: "\n").count == 4)
            #expect(try run("instance", "show", "db").error.contains("matches several instances"))
            #expect(try run("instance", "show", "gone").text.contains("state      terminated"))
            let key = try scratch.read("\(scratch.path)/key.pub").split(separator: " ").prefix(2).joined(separator: " ")
            #expect(try run("key", "show", "web", "--public-key").line == "\(key) web")
            #expect(try run("key", "show", "none").error.contains("no key pair named 'none'"))
            // Registered and forgotten, by the same operations as at a latchkeyd.
            #expect(try run("key", "create", "new").status == 0)
            #expect(try run("key", "show", "new", "--public-key").line.hasPrefix("ssh-ed25519 "))
            #expect(try run("key", "delete", "new").status == 0)
            #expect(try run("key", "list", "-q").line == "web")
            #expect(try run("instance", "stop", "web-1").line == id)
            #expect(try run("instance", "show", id).text.contains("stopped"))
            #expect(try run("instance", "terminate", id).line == id)
        }
    }
}
