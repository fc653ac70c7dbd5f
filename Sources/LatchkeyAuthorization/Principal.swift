// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Who makes a request.
package enum Principal: Equatable, Sendable {
    /// A user, who has shown this access key.
    case user(name: String, accessKeyID: AccessKey.ID, isAdmin: Bool)
    /// An instance's agent, with the credentials of its role.
    case instance(Instance.ID)
    /// An agent that has only its registered key: it may ask for credentials, and nothing else.
    case registeredKey(instanceID: Instance.ID)
    /// Who has shown nothing. What the request carries is checked by its operation, as an activation's code is.
    case anonymous

    /// The kinds of principals, of which each operation names those that it is for.
    package enum Kind: Hashable, Sendable {
        case user, instance, registeredKey, anonymous
    }

    package var kind: Kind {
        switch self {
        case .user: .user
        case .instance: .instance
        case .registeredKey: .registeredKey
        case .anonymous: .anonymous
        }
    }

    /// The one account's number.
    package static let account = "000000000000"

    private static let userARN = "arn:aws:iam::\(account):user/"

    /// The user whose ARN this is; nil if it is no user's.
    package static func userName(inARN arn: String) -> String? {
        arn.hasPrefix(userARN) ? String(arn.dropFirst(userARN.count)) : nil
    }

    package static func arn(ofUser name: String) -> String { userARN + name }

    /// In the shape of AWS; nil for ``anonymous``.
    package var arn: String? {
        switch self {
        case .user(let name, _, _): Principal.arn(ofUser: name)
        case .instance(let id), .registeredKey(let id):
            "arn:aws:sts::\(Principal.account):assumed-role/latchkey-agent/\(id)"
        case .anonymous: nil
        }
    }
}
