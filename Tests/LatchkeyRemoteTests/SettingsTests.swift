// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeyTestSupport
import LatchkeyTransport
import Testing

@testable import LatchkeyRemote

struct SettingsTests {
    private func settings(
        _ config: String,
        _ environment: [String: String] = [:],
        choice: RemoteSelection = RemoteSelection(profile: "x"),
        _ body: (RemoteSettings) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            let all = environment.merging([
                "AWS_CONFIG_FILE": try scratch.write("config", config), "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            ]) { $1 }
            try body(try RemoteSettings(choice, home: scratch.home) { all[$0] })
        }
    }

    private static let config = """
        [profile x]
        region = eu-central-1
        endpoint_url = https://global:1
        services = mine
        ca_bundle = ~/ca.pem
        [services mine]
        ec2 =
          endpoint_url = https://ec2:2
        [profile broken]
        region = eu-central-1
        services = none

        """

    @Test func `endpoints are found in botocore's order`() throws {
        func host(
            _ service: RemoteSettings.Service,
            _ environment: [String: String] = [:],
            endpointURL: String? = nil
        ) throws -> String {
            var host = ""
            try settings(Self.config, environment, choice: RemoteSelection(profile: "x", endpointURL: endpointURL)) {
                host = try $0.address(of: service, region: "eu-central-1").host
            }
            return host
        }
        #expect(try host(.ec2) == "ec2")
        #expect(try host(.ssm) == "global")
        #expect(try host(.ec2, ["AWS_ENDPOINT_URL": "https://environment"]) == "environment")
        #expect(try host(.ec2, ["AWS_ENDPOINT_URL": "https://e", "AWS_ENDPOINT_URL_EC2": "https://own"]) == "own")
        #expect(try host(.ec2, ["AWS_ENDPOINT_URL": "https://e"], endpointURL: "https://option") == "option")
        #expect(try host(.sts, ["AWS_ENDPOINT_URL": "https://e"], endpointURL: "https://option") == "e")
        let ignoring = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "https://e"]
        #expect(try host(.ec2, ignoring) == "ec2.eu-central-1.amazonaws.com")
        let fips = ignoring.merging(["AWS_USE_FIPS_ENDPOINT": "true"]) { $1 }
        #expect(try host(.ssm, fips) == "ssm-fips.eu-central-1.amazonaws.com")
        #expect(throws: LatchkeyError.self) {
            try settings(Self.config, choice: RemoteSelection(profile: "broken")) {
                _ = try $0.address(of: .ec2, region: "eu-central-1")
            }
        }
    }

    @Test(arguments: [RemoteSettings.Service.ec2, .ssm, .instanceConnect, .sts, .sso])
    func `no server beyond this machine is asked in the clear, wherever its URL stands`(
        service: RemoteSettings.Service
    ) throws {
        func ask(_ url: String, _ environment: [String: String], _ choice: RemoteSelection, profile: String) throws
            -> String
        {
            var host = ""
            try settings("[profile x]\n\(profile)\n", environment, choice: choice) {
                host = try $0.address(of: service, region: "eu-central-1").host
            }
            return host
        }
        for (url, isAllowed) in [("http://relay.example", false), ("http://127.0.0.1:1", true), ("https://h", true)] {
            for place in ["option", "environment", "profile"] {
                for insists in [false, true] {
                    var choice = RemoteSelection(profile: "x", allowsCleartext: insists)
                    if place == "option" { choice.endpointURL = url }
                    let variables = place == "environment" ? ["AWS_ENDPOINT_URL": url] : [:]
                    let profile = place == "profile" ? "endpoint_url = \(url)" : ""
                    let result = Result { try ask(url, variables, choice, profile: profile) }
                    guard case .failure(let error) = result else {
                        #expect(isAllowed || insists || (place == "option" && (service == .sts || service == .sso)))
                        continue
                    }
                    #expect(!isAllowed && !insists)
                    #expect(
                        (error as? LatchkeyError)?.message.contains("'http://relay.example' is not encrypted") == true
                    )
                    #expect((error as? LatchkeyError)?.hint?.contains("--insecure") == true)
                }
            }
        }
    }

    @Test(arguments: [
        ("eu-central-1", "ssm.eu-central-1.amazonaws.com"), ("cn-north-1", "ssm.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com"), ("us-iso-east-1", "ssm.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "ssm.us-isob-east-1.sc2s.sgov.gov"),
    ]) func `a region's endpoint has its partition's domain`(region: String, host: String) throws {
        try settings("[profile x]\n") {
            let address = try $0.address(of: .ssm, region: region)
            #expect(address.host == host)
            #expect(Partition.isAmazon(host: host))
        }
        #expect(!Partition.isAmazon(host: "amazonaws.com.example"))
        #expect(!Partition.isAmazon(host: "evilamazonaws.com"))
    }

    @Test(arguments: ["certificate is not yet valid", "certificate has expired"])
    func `a certificate that is good at another time points to the clock`(words: String) throws {
        // OpenSSL's words, which X509_verify_cert_error_string gives.
        let failure = ServiceFailure.unreachable(.untrusted(words))
        try settings("[profile x]\nregion = eu-central-1\nca_bundle = /ca.pem\nendpoint_url = https://h\n") {
            let error = $0.error(failure, doing: "ec2:DescribeInstances")
            #expect(error.code == .controlPlaneUnreachable)
            #expect(error.message == "EC2 at https://h cannot be reached: its certificate is not trusted: \(words)")
            #expect(error.hint == "is this machine's clock right?")
        }
    }

    @Test func `the region comes from the option, the environment, the profile`() throws {
        let choice = RemoteSelection(profile: "x", region: "us-west-2")
        try settings(Self.config, ["AWS_REGION": "a"], choice: choice) { (settings: RemoteSettings) throws in
            let region = try settings.region()
            #expect(region == "us-west-2")
        }
        let both = ["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"]
        try settings(Self.config, both) { (settings: RemoteSettings) throws in
            let region = try settings.region()
            #expect(region == "a")
        }
        try settings(Self.config) { (settings: RemoteSettings) throws in
            let region = try settings.region()
            #expect(region == "eu-central-1")
        }
        try settings("[profile x]\n") { settings in
            #expect(throws: LatchkeyError.self) { try settings.region() }
        }
        // It becomes part of a host's name.
        try settings("[profile x]\nregion = evil.example/\n") { settings in
            #expect(throws: LatchkeyError.self) { try settings.region() }
        }
        try settings("[profile x]\nendpoint_url = http://127.0.0.1:1\n") { (settings: RemoteSettings) throws in
            let region = try settings.region()
            #expect(region == "us-east-1")
        }
    }

    @Test func `authorities are named by the environment or the profile`() throws {
        try settings(Self.config) { #expect($0.trust.authorities?.hasSuffix("/home/ca.pem") == true) }
        try settings(Self.config, ["AWS_CA_BUNDLE": "/a.pem"]) { #expect($0.trust == Trust(authorities: "/a.pem")) }
    }

    @Test func `options and two variables choose a remote control plane, and nothing else does`() {
        func made(_ profile: String?, _ region: String? = nil, _ variables: [String: String] = [:]) -> RemoteSelection?
        {
            RemoteSelection.made(profile: profile, region: region, endpointURL: nil) { variables[$0] }
        }
        #expect(made(nil) == nil)
        #expect(made(nil, nil, ["AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "y", "AWS_ENDPOINT_URL": "z"]) == nil)
        #expect(made("a", nil, ["AWS_PROFILE": "b"]) == RemoteSelection(profile: "a"))
        #expect(made(nil, "r") == RemoteSelection(profile: nil, region: "r"))
        #expect(made(nil, nil, ["AWS_PROFILE": "b"]) == RemoteSelection(profile: "b", source: .variable("AWS_PROFILE")))
        #expect(
            made(nil, nil, ["AWS_PROFILE": "b", "LATCHKEY_PROFILE": "c"])
                == RemoteSelection(profile: "c", source: .variable("LATCHKEY_PROFILE"))
        )
    }
}
