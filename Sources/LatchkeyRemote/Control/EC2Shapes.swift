// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// What is asked of EC2 (API version 2016-11-15) and answered, with the wire's names.
enum EC2 {
    struct Filter: Encodable {
        let Name: String
        let Value: [String]
    }

    struct Tag: Decodable {
        let key: String
        let value: String
    }

    struct DescribeInstances: Encodable {
        var InstanceId: [String]?
        var Filter: [Filter]?
        var MaxResults: Int?
        var NextToken: String?
    }

    struct DescribeInstancesAnswer: Decodable {
        let reservationSet: [Reservation]?
        let nextToken: String?
    }

    struct Reservation: Decodable {
        let instancesSet: [Instance]?
    }

    struct State: Decodable {
        let name: String
    }

    struct Instance: Decodable {
        let instanceId: String
        let imageId: String?
        let instanceState: State
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

    struct DescribeKeyPairs: Encodable {
        var KeyName: [String]?
        let IncludePublicKey = true
    }

    struct DescribeKeyPairsAnswer: Decodable {
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

    struct DescribeImages: Encodable {
        let Filter: [Filter]
    }

    struct DescribeImagesAnswer: Decodable {
        let imagesSet: [Image]?
    }

    struct Image: Decodable {
        let imageId: String
        let name: String?
        let description: String?
        let platformDetails: String?
    }

    struct GetConsoleOutput: Encodable {
        let InstanceId: String
        let Latest: Bool?
    }

    struct GetConsoleOutputAnswer: Decodable {
        let output: String?
    }

    struct GetPasswordData: Encodable {
        let InstanceId: String
    }

    struct GetPasswordDataAnswer: Decodable {
        let passwordData: String?
    }
}
