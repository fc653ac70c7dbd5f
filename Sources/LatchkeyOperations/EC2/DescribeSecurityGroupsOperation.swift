// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// The one group, which lets everything pass: nothing is filtered here.
struct DescribeSecurityGroupsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeSecurityGroups"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeSecurityGroups, in context: OperationContext) async throws
        -> EC2.DescribeSecurityGroups.Response
    {
        try EC2Service.checkOnePage(request.maxResults, request.nextToken)
        let known = surroundings.group
        let others = (request.groupId ?? []).filter { $0 != known.groupId }
        if let other = (others + (request.groupName ?? []).filter { $0 != known.groupName }).first {
            throw ServiceError.groupNotFound(other)
        }
        let group = EC2.SecurityGroup(
            known,
            ownerId: Principal.account,
            vpcId: surroundings.vpcID,
            securityGroupArn: surroundings.arn("security-group/\(known.groupId)")
        )
        return EC2.DescribeSecurityGroups.Response(
            securityGroupInfo: try ec2.filtered([group], request.filter, .securityGroups, request)
        )
    }
}

extension AttributeTable where Element == EC2.SecurityGroup {
    /// All that DescribeSecurityGroups may be filtered by (EC2 API Reference, version 2016-11-15).
    static let securityGroups: AttributeTable = {
        let prefixes = ["ip-permission.", "egress.ip-permission."]
        let absent = ["from-port", "to-port", "group-id", "group-name", "prefix-list-id", "user-id"]
        var table = AttributeTable(
            absent: prefixes.flatMap { prefix in absent.map { prefix + $0 } },
            tags: { _ in [] }
        )
        for prefix in prefixes {
            table[prefix + "cidr"] = { $0.ipPermissions.flatMap(\.ipRanges).map(\.cidrIp) }
            table[prefix + "ipv6-cidr"] = { $0.ipPermissions.flatMap(\.ipv6Ranges).map(\.cidrIpv6) }
            table[prefix + "protocol"] = { $0.ipPermissions.map(\.ipProtocol) }
        }
        table["description"] = { [$0.groupDescription] }
        table["group-id"] = { [$0.groupId] }
        table["group-name"] = { [$0.groupName] }
        table["owner-id"] = { [$0.ownerId] }
        table["vpc-id"] = { [$0.vpcId] }
        return table
    }()
}
