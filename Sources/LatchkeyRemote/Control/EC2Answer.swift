// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// What is read of EC2's answers, with the wire's names. It is less than the shapes of the API that latchkeyd fills,
/// and all but the ids may be missing: AWS leaves out and adds what it likes, and its look-alikes even more.
enum EC2Answer {
    struct Tag: Decodable {
        let key: String
        let value: String
    }

    struct DescribeInstances: Decodable {
        let reservationSet: [Reservation]?
        let nextToken: String?
    }

    struct Reservation: Decodable {
        let instancesSet: [Instance]?
    }

    struct State: Decodable {
        let name: String
    }

    struct StateReason: Decodable {
        let message: String?
    }

    /// What an order is answered with, of which nothing is read.
    struct Nothing: Decodable {}

    struct Instance: Decodable {
        let instanceId: String
        let imageId: String?
        let instanceState: State
        let stateReason: StateReason?
        let privateDnsName: String?
        let dnsName: String?
        let keyName: String?
        let launchTime: Date?
        let platform: String?
        let platformDetails: String?
        let privateIpAddress: String?
        let ipAddress: String?
        let ipv6Address: String?
        let tagSet: [Tag]?
    }

    struct DescribeKeyPairs: Decodable {
        let keySet: [KeyPair]?
    }

    struct KeyPair: Decodable {
        let keyPairId: String?
        let keyName: String
        let keyFingerprint: String?
        let publicKey: String?
        let createTime: Date?
        let tagSet: [Tag]?
    }

    struct DescribeImages: Decodable {
        let imagesSet: [Image]?
    }

    struct Image: Decodable {
        let imageId: String
        let name: String?
        let description: String?
        let platformDetails: String?
    }

    struct GetConsoleOutput: Decodable {
        let output: String?
    }

    struct GetPasswordData: Decodable {
        let passwordData: String?
    }
}
