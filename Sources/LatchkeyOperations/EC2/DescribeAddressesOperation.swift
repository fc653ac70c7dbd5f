// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// There are no elastic addresses: an instance has those of its machine.
struct DescribeAddressesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeAddresses"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeAddresses, in context: OperationContext) async throws
        -> EC2.DescribeAddresses.Response
    {
        if let id = request.allocationId?.first {
            throw ServiceError(
                code: "InvalidAllocationID.NotFound",
                message: "The allocation ID '\(id.cut(to: .quotation))' does not exist"
            )
        }
        if let address = request.publicIp?.first {
            throw ServiceError(
                code: "InvalidAddress.NotFound",
                message: "Address '\(address.cut(to: .quotation))' not found."
            )
        }
        _ = try ec2.filtered([], request.filter, .addresses, request)
        return EC2.DescribeAddresses.Response()
    }
}

extension AttributeTable where Element == String {
    /// All that DescribeAddresses may be filtered by (EC2 API Reference, version 2016-11-15).
    static let addresses = AttributeTable(
        absent: [
            "allocation-id", "association-id", "domain", "instance-id", "network-border-group", "network-interface-id",
            "network-interface-owner-id", "private-ip-address", "public-ip",
        ],
        tags: { _ in [] }
    )
}
