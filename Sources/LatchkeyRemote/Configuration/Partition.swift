// SPDX-License-Identifier: Apache-2.0

/// A part of AWS with domains of its own.
struct Partition: Equatable, Sendable {
    let suffix: String
    /// Where the endpoints are that speak IPv6, too.
    let dualStackSuffix: String

    /// By the beginning of a region's name; what is not listed is the commercial part.
    private static let known: [(prefix: String, suffix: String, dualStackSuffix: String)] = [
        ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
        ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ]

    init(region: String) {
        let entry = Partition.known.first { region.hasPrefix($0.prefix) }
        suffix = entry?.suffix ?? "amazonaws.com"
        dualStackSuffix = entry?.dualStackSuffix ?? "api.aws"
    }

    /// Whether a host is one of AWS's own.
    static func isAmazon(host: String) -> Bool {
        let host = host.lowercased()
        let suffixes = ["amazonaws.com", "api.aws"] + known.flatMap { [$0.suffix, $0.dualStackSuffix] }
        return suffixes.contains { host.hasSuffix(".\($0)") }
    }
}
