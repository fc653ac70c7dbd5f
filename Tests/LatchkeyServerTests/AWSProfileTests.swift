// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyServer

/// The files of the AWS tools, which are others' too.
struct AWSProfileTests {
    private static let values = [(key: "region", value: "local"), (key: "ca_bundle", value: "/new.pem")]

    private func edited(_ text: String) -> String {
        String(decoding: INIEdit.set(Self.values, in: "profile l", of: Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("", "[profile l]\nregion = local\nca_bundle = /new.pem\n"),
        ("[a]\nx = 1", "[a]\nx = 1\n\n[profile l]\nregion = local\nca_bundle = /new.pem\n"),
        (
            "# mine\n[profile l]\n# why\nregion=eu\noutput = json\n\n\n[profile m]\nregion = us\n",
            "# mine\n[profile l]\n# why\nregion = local\noutput = json\nca_bundle = /new.pem\n\n\n[profile m]\nregion = us\n"
        ),
        (
            "[profile \"l\"]\nCA_BUNDLE : /old\n  /more\ns3 =\n  region = x\nregion = a\nregion = b\n",
            "[profile \"l\"]\nca_bundle = /new.pem\ns3 =\n  region = x\nregion = local\n"
        ),
        (
            "[profile lx]\r\nregion = eu\r\n",
            "[profile lx]\r\nregion = eu\r\n\r\n[profile l]\r\nregion = local\r\nca_bundle = /new.pem\r\n"
        ),
        ("[l]\nregion = eu\n\n", "[l]\nregion = eu\n\n[profile l]\nregion = local\nca_bundle = /new.pem\n"),
    ])
    func `only what belongs to the profile changes`(old: String, new: String) {
        #expect(edited(old) == new)
        #expect(edited(new) == new)
    }

    @Test func `bytes that are no text stay as they are`() {
        let old: [UInt8] = Array("[a]\nx = ".utf8) + [0xFF, 0xFE, 0x0A]
        #expect(INIEdit.set(Self.values, in: "profile l", of: old).starts(with: old))
    }

    @Test func `init writes a profile that boto3 works with, beside those that are there`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.home)/.aws"
            func latchkeyd(_ arguments: String...) throws -> Execution {
                try Execution.run(
                    [Scratch.program(named: "latchkeyd")] + arguments,
                    environment: scratch.environment.merging(
                        ["AWS_CONFIG_FILE": nil, "AWS_SHARED_CREDENTIALS_FILE": nil]
                    ) { $1 }
                )
            }
            func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
            let first = try latchkeyd("init", "--write-profile")
            #expect(first.status == 0 && first.output.isEmpty)
            #expect(first.error.contains("latchkeyd: the profile was written to '\(folder)/config'"), "\(first.error)")
            #expect(try files() == ["config", "credentials"])
            let secret = try #require(
                try scratch.read("\(folder)/credentials").split(separator: "\n").last?.split(separator: " ").last
            )
            #expect(!first.error.contains(secret))
            // Said twice, it changes nothing.
            #expect(try latchkeyd("init", "--write-profile").error.contains("is in '\(folder)/config' already"))
            #expect(try files() == ["config", "credentials"])

            // Of others, by a link, and readable by all.
            try FileManager.default.createDirectory(atPath: "\(scratch.path)/dots", withIntermediateDirectories: true)
            let others = "[profile work]\nregion = eu-central-1\n"
            try FileManager.default.removeItem(atPath: "\(folder)/config")
            try scratch.write("\(scratch.path)/dots/config", others, mode: 0o644)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/config",
                withDestinationPath: "\(scratch.path)/dots/config"
            )
            let second = try latchkeyd("init", "--write-profile", "--region", "here")
            #expect(second.status == 0, "\(second.error)")
            let dots = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/dots").sorted()
            #expect(dots.count == 2 && dots[1].hasSuffix(".bak"))
            #expect(try scratch.read("\(scratch.path)/dots/\(dots[1])") == others)
            #expect(try scratch.read("\(folder)/config").hasPrefix(others))
            for file in ["\(scratch.path)/dots/config", "\(scratch.path)/dots/\(dots[1])", "\(folder)/credentials"] {
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
            let script = """
                import boto3
                session = boto3.Session(profile_name='latchkey')
                keys = session.get_credentials()
                print(session.region_name, keys.secret_key, session.client('ssm').meta.endpoint_url)
                print(boto3.Session(profile_name='work').region_name)
                """
            let read = try Execution.require(
                ["python3", "-c", script],
                environment: scratch.environment.merging(
                    ["AWS_CONFIG_FILE": nil, "AWS_SHARED_CREDENTIALS_FILE": nil, "AWS_PROFILE": nil]
                ) { $1 }
            )
            #expect(read.text == "here \(secret) https://127.0.0.1:8443\neu-central-1\n")
        }
    }

    @Test func `a file that cannot be written is told, and what is there stays`() throws {
        try Scratch.with { scratch in
            let run = try Execution.run(
                [Scratch.program(named: "latchkeyd"), "init", "--write-profile"],
                environment: scratch.environment.merging(["AWS_CONFIG_FILE": "/proc/nowhere/config"]) { $1 }
            )
            #expect(run.status == 1)
            #expect(run.error.hasPrefix("latchkeyd: error: the folder '/proc/nowhere' cannot be made"), "\(run.error)")
        }
    }
}
