// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Forgets a key pair. One that is not there is no mistake, as at EC2.
struct DeleteKeyPairOperation: EC2Operation {
    static let action: Action = "ec2:DeleteKeyPair"

    let ec2: EC2Service

    func resources(of request: EC2.DeleteKeyPair) -> [Resource] {
        [request.keyName ?? request.keyPairId].compactMap { $0 }.map(Resource.keyPair)
    }

    func execute(_ request: EC2.DeleteKeyPair, in context: OperationContext) async throws -> EC2.DeleteKeyPair.Response
    {
        guard request.keyName != nil || request.keyPairId != nil else { throw ServiceError.missingParameter("KeyName") }
        return try await pool.write {
            let byName = try request.keyName.flatMap { try store.keyPair(named: $0) }
            let byID = try request.keyPairId.flatMap { try store.keyPairs(named: [], withIDs: [$0]).first }
            if request.keyName != nil, request.keyPairId != nil, byName?.id != byID?.id {
                throw ServiceError.combination("KeyName and KeyPairId are not of the same key pair")
            }
            try ec2.checkDryRun(request)
            let pair = byName ?? byID
            if let pair { try store.removeKeyPair(pair.id) }
            return EC2.DeleteKeyPair.Response(keyPairId: pair?.id ?? request.keyPairId)
        }
    }
}
