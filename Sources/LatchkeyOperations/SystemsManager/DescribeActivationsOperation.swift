// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Lists activations, without their codes.
struct DescribeActivationsOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DescribeActivations"

    let ssm: SystemsManager

    func execute(_ request: DescribeActivations, in context: OperationContext) async throws
        -> DescribeActivations.Response
    {
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
}
