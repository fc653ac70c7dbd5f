// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

/// Tags of instances that have registered themselves. Those of EC2's kind are set by EC2's own operations.
extension SystemsManager {
    func listTags(_ request: ListTagsForResource) async throws -> ListTagsForResource.Response {
        let found: Tags = try await pool.run { try tags(of: request.resourceId, request.resourceType) }
        let list = found.map { TagShape(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
        return ListTagsForResource.Response(tagList: list)
    }

    func addTags(_ request: AddTagsToResource) async throws -> EmptyResponse {
        let id = request.resourceId
        let added = Dictionary(request.tags.map { ($0.key, $0.value) }) { $1 }
        for (key, value) in added { try Names.tag(key: key, value: value) }
        try SystemsManager.checkChangeable(request.resourceType)
        try await pool.write {
            let known = try tags(of: id, request.resourceType)
            guard known.merging(added, uniquingKeysWith: { $1 }).count <= Store.tagLimit else {
                throw ServiceError(
                    code: "TooManyTagsError",
                    message: "a resource may have \(Store.tagLimit) tags"
                )
            }
            try store.tag(id, set: added, remove: [])
        }
        return EmptyResponse()
    }

    func removeTags(_ request: RemoveTagsFromResource) async throws -> EmptyResponse {
        try SystemsManager.checkChangeable(request.resourceType)
        try await pool.write {
            _ = try tags(of: request.resourceId, request.resourceType)
            try store.tag(request.resourceId, set: [:], remove: request.tagKeys)
        }
        return EmptyResponse()
    }

    /// - Throws: `InvalidResourceId`, `InvalidResourceType`.
    private func tags(of id: String, _ type: String) throws -> Tags {
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

    private static func checkChangeable(_ type: String) throws(ServiceError) {
        guard type != "Document" else { throw .denied("the documents here are not anybody's to change") }
    }
}
