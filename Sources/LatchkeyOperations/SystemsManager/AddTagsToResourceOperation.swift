// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Sets tags of a managed instance.
struct AddTagsToResourceOperation: SystemsManagerOperation {
    static let action: Action = "ssm:AddTagsToResource"

    let ssm: SystemsManager

    func resources(of request: AddTagsToResource) -> [Resource] {
        SystemsManager.resources(request.resourceId, request.resourceType)
    }

    func execute(_ request: AddTagsToResource, in context: OperationContext) async throws -> EmptyResponse {
        let id = request.resourceId
        let added = Dictionary(request.tags.map { ($0.key, $0.value) }) { $1 }
        for (key, value) in added { try Names.tag(key: key, value: value) }
        try SystemsManager.checkChangeable(request.resourceType)
        try await pool.write {
            let known = try ssm.tags(of: id, request.resourceType)
            guard known.merging(added, uniquingKeysWith: { $1 }).count <= StoreLimit.tagsPerResource else {
                throw ServiceError(
                    code: "TooManyTagsError",
                    message: "a resource may have \(StoreLimit.tagsPerResource) tags"
                )
            }
            try store.tag(id, set: added, remove: [])
        }
        return EmptyResponse()
    }
}
