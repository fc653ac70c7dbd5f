// SPDX-License-Identifier: Apache-2.0

/// The Security Token Service: who is asking.
package enum STS {
    package static let version = "2011-06-15"
    package static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

    package struct GetCallerIdentity: Codable, Sendable {
        package static let operation = "GetCallerIdentity"

        package init() {}

        package struct Response: Codable, Sendable {
            package var arn: String
            package var userId: String
            package var account: String

            package init(arn: String, userId: String, account: String) {
                self.arn = arn
                self.userId = userId
                self.account = account
            }

            private enum CodingKeys: String, CodingKey {
                case arn = "Arn"
                case userId = "UserId"
                case account = "Account"
            }
        }
    }
}
