// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Tags of instances that have registered themselves. Those of EC2's kind are set by EC2's own operations.
extension SystemsManager {
    /// - Throws: `InvalidResourceId`, `InvalidResourceType`.
    func tags(of id: String, _ type: String) throws -> Tags {
        switch type {
        case "ManagedInstance":
            guard let instance = try managed(id) else {
                throw ServiceError(
                    code: "InvalidResourceId",
                    message: "there is no instance '\(id.cut(to: .quotation))' that has registered itself"
                )
            }
            return instance.tags
        case "Document":
            _ = try ServiceDocument.named(id, version: nil)
            return [:]
        default:
            throw ServiceError(
                code: "InvalidResourceType",
                message: "'\(type.cut(to: .quotation))' has no tags here; ManagedInstance has"
            )
        }
    }

    static func checkChangeable(_ type: String) throws(ServiceError) {
        guard type != "Document" else { throw .denied("the documents here cannot be changed") }
    }

    /// An instance that has registered itself; nil if there is none of this id.
    func managed(_ id: Instance.ID) throws -> Instance? {
        guard id.hasPrefix(Identifier.managedInstancePrefix) else { return nil }
        return try store.instances(withIDs: [id]).first
    }

    /// What a policy knows a resource of these operations as.
    static func resources(_ id: String, _ type: String) -> [Resource] {
        switch type {
        case "ManagedInstance": [.instance(id)]
        case "Document": [.document(id)]
        default: []
        }
    }
}
