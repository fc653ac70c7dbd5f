// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Only Windows has a password, which EC2 is told of by a program there.
struct GetPasswordDataOperation: EC2Operation {
    static let action: Action = "ec2:GetPasswordData"

    let ec2: EC2Service

    func resources(of request: EC2.GetPasswordData) -> [Resource] {
        [.instance(request.instanceId)]
    }

    func execute(_ request: EC2.GetPasswordData, in context: OperationContext) async throws
        -> EC2.GetPasswordData.Response
    {
        let id = try await ec2.known(request.instanceId).id
        try ec2.checkDryRun(request)
        return EC2.GetPasswordData.Response(instanceId: id, timestamp: Date(), passwordData: "")
    }
}
