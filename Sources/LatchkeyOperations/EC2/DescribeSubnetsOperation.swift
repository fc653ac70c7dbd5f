// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// The one subnet.
struct DescribeSubnetsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeSubnets"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeSubnets, in context: OperationContext) async throws
        -> EC2.DescribeSubnets.Response
    {
        try EC2Service.checkOnePage(request.maxResults, request.nextToken)
        if let other = (request.subnetId ?? []).first(where: { $0 != surroundings.subnetID }) {
            throw ServiceError.subnetNotFound(other)
        }
        let subnet = EC2.Subnet(
            subnetId: surroundings.subnetID,
            subnetArn: surroundings.arn("subnet/\(surroundings.subnetID)"),
            ownerId: Principal.account,
            vpcId: surroundings.vpcID,
            cidrBlock: Surroundings.addresses,
            availableIpAddressCount: Surroundings.addressCount,
            placement: surroundings.placement
        )
        return EC2.DescribeSubnets.Response(subnetSet: try ec2.filtered([subnet], request.filter, .subnets, request))
    }
}

extension AttributeTable where Element == EC2.Subnet {
    /// All that DescribeSubnets may be filtered by (EC2 API Reference, version 2016-11-15), some in two forms.
    static let subnets: AttributeTable = {
        var table = AttributeTable(
            absent: [
                "customer-owned-ipv4-pool", "enable-lni-at-device-index",
                "ipv6-cidr-block-association.association-id", "ipv6-cidr-block-association.ipv6-cidr-block",
                "ipv6-cidr-block-association.state", "outpost-arn",
            ],
            tags: { _ in [] }
        )
        for name in ["availability-zone", "availabilityZone"] { table[name] = { [$0.availabilityZone] } }
        for name in ["availability-zone-id", "availabilityZoneId"] { table[name] = { [$0.availabilityZoneId] } }
        for name in ["cidr-block", "cidr", "cidrBlock"] { table[name] = { [$0.cidrBlock] } }
        for name in ["default-for-az", "defaultForAz"] { table[name] = { [String($0.defaultForAz)] } }
        table["available-ip-address-count"] = { [String($0.availableIpAddressCount)] }
        table["enable-dns64"] = { [String($0.enableDns64)] }
        table["ipv6-native"] = { [String($0.ipv6Native)] }
        table["map-customer-owned-ip-on-launch"] = { [String($0.mapCustomerOwnedIpOnLaunch)] }
        table["map-public-ip-on-launch"] = { [String($0.mapPublicIpOnLaunch)] }
        table["owner-id"] = { [$0.ownerId] }
        table["private-dns-name-options-on-launch.enable-resource-name-dns-a-record"] = {
            [String($0.privateDnsNameOptionsOnLaunch.enableResourceNameDnsARecord)]
        }
        table["private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record"] = {
            [String($0.privateDnsNameOptionsOnLaunch.enableResourceNameDnsAAAARecord)]
        }
        table["private-dns-name-options-on-launch.hostname-type"] = {
            [$0.privateDnsNameOptionsOnLaunch.hostnameType]
        }
        table["state"] = { [$0.state] }
        table["subnet-arn"] = { [$0.subnetArn] }
        table["subnet-id"] = { [$0.subnetId] }
        table["vpc-id"] = { [$0.vpcId] }
        return table
    }()
}
