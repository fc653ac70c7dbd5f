// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What a request touches.
package enum Resource: Hashable, Sendable {
    case instance(Instance.ID)
    /// By its name, or its id where a request gives only that.
    case keyPair(String)
    case image(String)
    case volume(String)
    case document(String)
    /// A session, with its owner's ARN and the instance that it is on.
    case session(SessionRecord.ID, owner: String, target: Instance.ID)

    /// A sign-in to the console, with its user's ARN.
    case consoleSession(ConsoleSession.ID, owner: String)

    /// The ARN of the user whose alone it is, unless an admin asks; nil for what belongs to no user.
    package var owner: String? {
        switch self {
        case .session(_, let owner, _), .consoleSession(_, let owner): owner
        case .instance, .keyPair, .image, .volume, .document: nil
        }
    }

    package init(_ record: SessionRecord) {
        self = .session(record.id, owner: record.owner, target: record.target)
    }

    /// What an id of EC2's stands for; nil where its prefix is unknown.
    package init?(ec2ID id: String) {
        switch id.prefix(while: { $0 != "-" }) {
        case "i", "mi": self = .instance(id)
        case "key": self = .keyPair(id)
        case "ami": self = .image(id)
        case "vol": self = .volume(id)
        default: return nil
        }
    }

    /// In the shape of AWS (Service Authorization Reference: EC2, Systems Manager).
    package func arn(region: String) -> String {
        func arn(_ service: String, _ resource: String) -> String {
            "arn:aws:\(service):\(region):\(Principal.account):\(resource)"
        }
        return switch self {
        case .instance(let id) where id.hasPrefix(Identifier.managedInstancePrefix):
            arn("ssm", "managed-instance/\(id)")
        case .instance(let id): arn("ec2", "instance/\(id)")
        case .keyPair(let name): arn("ec2", "key-pair/\(name)")
        case .image(let id): arn("ec2", "image/\(id)")
        case .volume(let id): arn("ec2", "volume/\(id)")
        case .document(let name): arn("ssm", "document/\(name)")
        case .session(let id, _, _): arn("ssm", "session/\(id)")
        case .consoleSession(let id, _): arn("latchkey", "console-session/\(id)")
        }
    }
}
