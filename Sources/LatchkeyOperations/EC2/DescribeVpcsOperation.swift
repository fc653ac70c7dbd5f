// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// The one network.
struct DescribeVpcsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeVpcs"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeVpcs, in context: OperationContext) async throws -> EC2.DescribeVpcs.Response {
        try EC2Service.checkOnePage(request.maxResults, request.nextToken)
        if let other = (request.vpcId ?? []).first(where: { $0 != surroundings.vpcID }) {
            throw ServiceError(
                code: "InvalidVpcID.NotFound",
                message: "The vpc ID '\(other.cut(to: .quotation))' does not exist"
            )
        }
        let vpc = EC2.VPC(
            vpcId: surroundings.vpcID,
            ownerId: Principal.account,
            cidrBlock: Surroundings.addresses,
            associationId: "vpc-cidr-assoc-" + surroundings.vpcID.dropFirst("vpc-".count)
        )
        return EC2.DescribeVpcs.Response(vpcSet: try ec2.filtered([vpc], request.filter, .vpcs, request))
    }
}

extension AttributeTable where Element == EC2.VPC {
    /// All that DescribeVpcs may be filtered by (EC2 API Reference, version 2016-11-15).
    static let vpcs: AttributeTable = {
        var table = AttributeTable(
            absent: [
                "ipv6-cidr-block-association.association-id", "ipv6-cidr-block-association.ipv6-cidr-block",
                "ipv6-cidr-block-association.ipv6-pool", "ipv6-cidr-block-association.state",
            ],
            tags: { _ in [] }
        )
        table["cidr"] = { [$0.cidrBlock] }
        table["cidr-block-association.association-id"] = { $0.cidrBlockAssociationSet.map(\.associationId) }
        table["cidr-block-association.cidr-block"] = { $0.cidrBlockAssociationSet.map(\.cidrBlock) }
        table["cidr-block-association.state"] = { $0.cidrBlockAssociationSet.map(\.cidrBlockState.state) }
        table["dhcp-options-id"] = { [$0.dhcpOptionsId] }
        table["is-default"] = { [String($0.isDefault)] }
        table["isDefault"] = { [String($0.isDefault)] }
        table["owner-id"] = { [$0.ownerId] }
        table["state"] = { [$0.state] }
        table["vpc-id"] = { [$0.vpcId] }
        return table
    }()
}
