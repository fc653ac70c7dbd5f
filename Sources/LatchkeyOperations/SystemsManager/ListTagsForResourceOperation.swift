// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Lists the tags of a managed instance or a document.
struct ListTagsForResourceOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ListTagsForResource"

    let ssm: SystemsManager

    func resources(of request: ListTagsForResource) -> [Resource] {
        SystemsManager.resources(request.resourceId, request.resourceType)
    }

    func execute(_ request: ListTagsForResource, in context: OperationContext) async throws
        -> ListTagsForResource.Response
    {
        let found: Tags = try await pool.run { try ssm.tags(of: request.resourceId, request.resourceType) }
        let list = found.map { TagShape(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
        return ListTagsForResource.Response(tagList: list)
    }
}
