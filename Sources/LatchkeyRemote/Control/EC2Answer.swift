// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI

/// What is read of EC2's answers, with the wire's names. It is less than the shapes of the API that latchkeyd fills,
/// and all but the ids may be missing: AWS leaves out and adds what it likes, and its look-alikes even more.
enum EC2Answer {
    struct Tag: Decodable {
        let key: String
        let value: String
    }

    private static func texts(_ tags: [Tag]?) -> [String?] { (tags ?? []).flatMap { [$0.key, $0.value] } }

    struct DescribeInstances: Decodable {
        let reservationSet: [Reservation]?
        let nextToken: String?
    }

    struct Reservation: Decodable {
        let instancesSet: RecordList<Instance>?
    }

    struct State: Decodable {
        let name: String
    }

    struct StateReason: Decodable {
        let message: String?
    }

    /// What an order is answered with, of which nothing is read.
    struct Nothing: Decodable {}

    struct Instance: Decodable, ListedRecord {
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

        var texts: [String?] {
            [
                instanceId, imageId, instanceState.name, stateReason?.message, privateDnsName, dnsName, keyName,
                platform,
                platformDetails, privateIpAddress, ipAddress, ipv6Address,
            ] + EC2Answer.texts(tagSet)
        }
    }

    struct DescribeKeyPairs: Decodable {
        let keySet: RecordList<KeyPair>?
    }

    struct KeyPair: Decodable, ListedRecord {
        let keyPairId: String?
        let keyName: String
        let keyFingerprint: String?
        let publicKey: String?
        let createTime: Date?
        let tagSet: [Tag]?

        var texts: [String?] { [keyPairId, keyName, keyFingerprint, publicKey] + EC2Answer.texts(tagSet) }
    }

    struct DescribeImages: Decodable {
        let imagesSet: RecordList<Image>?
    }

    struct Image: Decodable, ListedRecord {
        let imageId: String
        let name: String?
        let description: String?
        let platformDetails: String?

        var texts: [String?] { [imageId, name, description, platformDetails] }
    }

    struct GetConsoleOutput: Decodable {
        let output: String?
    }

    struct GetPasswordData: Decodable {
        let passwordData: String?
    }
}
