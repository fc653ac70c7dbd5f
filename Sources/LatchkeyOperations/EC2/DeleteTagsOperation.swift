// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyStore

/// Takes tags away from resources.
struct DeleteTagsOperation: EC2Operation {
    static let action: Action = "ec2:DeleteTags"

    let ec2: EC2Service

    func resources(of request: EC2.DeleteTags) -> [Resource] {
        request.resourceId.compactMap(Resource.init(ec2ID:))
    }

    func execute(_ request: EC2.DeleteTags, in context: OperationContext) async throws -> EC2.Done {
        let ids = try EC2Service.resources(request.resourceId)
        let tags = request.tag?.map { (key: $0.key, value: $0.value) }
        try await pool.write {
            try ec2.checkResources(ids)
            try ec2.checkDryRun(request)
            try store.removeTags(tags, ofResources: ids)
        }
        return EC2.Done()
    }
}
