// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel

extension SystemsManager {
    func createActivation(_ request: CreateActivation) async throws -> CreateActivation.Response {
        let limit = request.registrationLimit ?? 1
        guard (1...1000).contains(limit) else { throw ServiceError.invalid("'registrationLimit' must be 1 to 1000") }
        let now = Date()
        let expiration = request.expirationDate ?? now.addingTimeInterval(24 * 3600)
        guard expiration > now, expiration < now.addingTimeInterval(30 * 24 * 3600 + 60) else {
            throw ServiceError.invalid("'expirationDate' must lie within the next 30 days")
        }
        let tags = Dictionary((request.tags ?? []).map { ($0.key, $0.value) }) { $1 }
        let (activation, code) = try Activations.make(
            description: request.description,
            defaultInstanceName: request.defaultInstanceName,
            iamRole: request.iamRole,
            limit: limit,
            expiration: expiration,
            tags: tags,
            now: now
        )
        try await pool.write { try store.add(activation, codeDigest: Digest.sha256(Array(code.utf8))) }
        return CreateActivation.Response(activationId: activation.id, activationCode: code)
    }

    func describeActivations(_ request: DescribeActivations) async throws -> DescribeActivations.Response {
        let filters = try (request.filters ?? [])
            .map { filter in
                guard let known = ActivationFilter(key: filter.filterKey ?? "", values: filter.filterValues ?? [])
                else {
                    throw ServiceError(
                        code: "InvalidFilter",
                        message: "'\((filter.filterKey ?? "").cut(to: .quotation))' is not a filter"
                    )
                }
                return known
            }
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let page = try await pool.run { try store.activations(filters, limit: limit, after: cursor) }
        let now = Date()
        let list = page.elements.map { activation in
            var shape = DescribeActivations.Activation(
                activationId: activation.id,
                registrationLimit: activation.registrationLimit,
                registrationsCount: activation.registrationsCount,
                expirationDate: activation.expiration,
                expired: activation.isExpired(at: now),
                createdDate: activation.created,
                tags: activation.tags.map { TagShape(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
            )
            shape.description = activation.description
            shape.defaultInstanceName = activation.defaultInstanceName
            shape.iamRole = activation.iamRole
            return shape
        }
        return DescribeActivations.Response(activationList: list, nextToken: page.next?.text)
    }

    func deleteActivation(_ request: DeleteActivation) async throws -> EmptyResponse {
        try await pool.write {
            do { try store.removeActivation(request.activationId) } catch let error as LatchkeyError
                where error.code == .activationInvalid
            {
                throw ServiceError(code: "InvalidActivation", message: error.message)
            }
        }
        return EmptyResponse()
    }
}
