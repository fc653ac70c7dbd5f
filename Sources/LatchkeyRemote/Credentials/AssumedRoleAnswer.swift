// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel

/// What STS answers to both kinds of request.
struct AssumedRoleAnswer: Decodable {
    struct Key: Decodable {
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String
        let expiration: Date

        private enum CodingKeys: String, CodingKey {
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case expiration = "Expiration"
        }
    }

    let credentials: Key

    private enum CodingKeys: String, CodingKey {
        case credentials = "Credentials"
    }
}
