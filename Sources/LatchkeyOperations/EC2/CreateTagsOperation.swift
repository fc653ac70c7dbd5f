// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyStore

/// Sets tags of resources.
struct CreateTagsOperation: EC2Operation {
    static let action: Action = "ec2:CreateTags"

    let ec2: EC2Service

    func resources(of request: EC2.CreateTags) -> [Resource] {
        request.resourceId.compactMap(Resource.init(ec2ID:))
    }

    func execute(_ request: EC2.CreateTags, in context: OperationContext) async throws -> EC2.Done {
        let tags = try EC2Service.check(request.tag)
        if tags.isEmpty { throw ServiceError.missingParameter("Tag") }
        let ids = try EC2Service.resources(request.resourceId)
        try await pool.write {
            try ec2.checkResources(ids)
            try ec2.checkDryRun(request)
            try store.setTags(tags, ofResources: ids)
        }
        return EC2.Done()
    }
}
