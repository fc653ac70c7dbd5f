// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyStore

/// Takes tags away from a managed instance.
struct RemoveTagsFromResourceOperation: SystemsManagerOperation {
    static let action: Action = "ssm:RemoveTagsFromResource"

    let ssm: SystemsManager

    func resources(of request: RemoveTagsFromResource) -> [Resource] {
        SystemsManager.resources(request.resourceId, request.resourceType)
    }

    func execute(_ request: RemoveTagsFromResource, in context: OperationContext) async throws -> EmptyResponse {
        try SystemsManager.checkChangeable(request.resourceType)
        try await pool.write {
            _ = try ssm.tags(of: request.resourceId, request.resourceType)
            try store.tag(request.resourceId, set: [:], remove: request.tagKeys)
        }
        return EmptyResponse()
    }
}
