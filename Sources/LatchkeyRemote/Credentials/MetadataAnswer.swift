// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI

/// Credentials as containers and instances are told them.
struct MetadataAnswer: Decodable {
    let accessKeyID: String
    let secretAccessKey: String
    let token: String?
    let expiration: String?

    private enum CodingKeys: String, CodingKey {
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }

    /// - Returns: nil if it is something else.
    static func read(_ body: [UInt8], method: String) -> ExpiringCredentials? {
        guard let answer = try? JSONDecoder().decode(MetadataAnswer.self, from: Data(body)) else { return nil }
        var expiration: Date?
        if let text = answer.expiration {
            guard let date = ExpiringCredentials.date(text) else { return nil }
            expiration = date
        }
        return ExpiringCredentials(
            Credentials(
                accessKeyID: answer.accessKeyID,
                secretAccessKey: answer.secretAccessKey,
                sessionToken: answer.token
            ),
            expiration: expiration,
            method: method
        )
    }
}
