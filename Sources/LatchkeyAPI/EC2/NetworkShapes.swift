// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    package struct DescribeAvailabilityZones: Request {
        package static let operation = "DescribeAvailabilityZones"

        package var zoneName: [String]?
        package var zoneId: [String]?
        package var allAvailabilityZones: Bool?
        package var filter: [Filter]?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var availabilityZoneInfo: [AvailabilityZone]

            package init(availabilityZoneInfo: [AvailabilityZone]) { self.availabilityZoneInfo = availabilityZoneInfo }
        }
    }

    package struct AvailabilityZone: Codable, Sendable {
        package var zoneName: String
        package var zoneId: String
        package var zoneState = "available"
        package var zoneType = "availability-zone"
        package var regionName: String
        package var groupName: String
        package var networkBorderGroup: String
        package var optInStatus = "opt-in-not-required"
        package var messageSet: [String] = []

        package init(zoneName: String, zoneId: String, regionName: String) {
            self.zoneName = zoneName
            self.zoneId = zoneId
            self.regionName = regionName
            groupName = "\(regionName)-zg-1"
            networkBorderGroup = regionName
        }
    }

    package struct DescribeVpcs: Request {
        package static let operation = "DescribeVpcs"

        package var vpcId: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var vpcSet: [VPC]

            package init(vpcSet: [VPC]) { self.vpcSet = vpcSet }
        }
    }

    package struct VPC: Codable, Sendable {
        package struct Block: Codable, Sendable {
            package struct State: Codable, Sendable {
                package var state = "associated"
            }

            package var associationId: String
            package var cidrBlock: String
            package var cidrBlockState = State()
        }

        package var vpcId: String
        package var ownerId: String
        package var state = "available"
        package var cidrBlock: String
        package var cidrBlockAssociationSet: [Block]
        package var dhcpOptionsId = "default"
        package var instanceTenancy = "default"
        package var isDefault = true

        package init(vpcId: String, ownerId: String, cidrBlock: String, associationId: String) {
            self.vpcId = vpcId
            self.ownerId = ownerId
            self.cidrBlock = cidrBlock
            cidrBlockAssociationSet = [Block(associationId: associationId, cidrBlock: cidrBlock)]
        }
    }

    package struct DescribeSubnets: Request {
        package static let operation = "DescribeSubnets"

        package var subnetId: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var subnetSet: [Subnet]

            package init(subnetSet: [Subnet]) { self.subnetSet = subnetSet }
        }
    }

    package struct Subnet: Codable, Sendable {
        package var subnetId: String
        package var subnetArn: String
        package var state = "available"
        package var ownerId: String
        package var vpcId: String
        package var cidrBlock: String
        package var availableIpAddressCount: Int
        package var availabilityZone: String
        package var availabilityZoneId: String
        package var defaultForAz = true
        package var mapPublicIpOnLaunch = true
        package var mapCustomerOwnedIpOnLaunch = false
        package var assignIpv6AddressOnCreation = false
        package var ipv6CidrBlockAssociationSet: [String] = []
        package var enableDns64 = false
        package var ipv6Native = false
        package var privateDnsNameOptionsOnLaunch = PrivateDNSNameOptions()

        package init(
            subnetId: String,
            subnetArn: String,
            ownerId: String,
            vpcId: String,
            cidrBlock: String,
            availableIpAddressCount: Int,
            placement: Placement
        ) {
            self.subnetId = subnetId
            self.subnetArn = subnetArn
            self.ownerId = ownerId
            self.vpcId = vpcId
            self.cidrBlock = cidrBlock
            self.availableIpAddressCount = availableIpAddressCount
            availabilityZone = placement.availabilityZone
            availabilityZoneId = placement.availabilityZoneId
        }
    }

    package struct DescribeSecurityGroups: Request {
        package static let operation = "DescribeSecurityGroups"

        package var groupId: [String]?
        package var groupName: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var securityGroupInfo: [SecurityGroup]

            package init(securityGroupInfo: [SecurityGroup]) { self.securityGroupInfo = securityGroupInfo }
        }
    }

    package struct SecurityGroup: Codable, Sendable {
        /// Whom it lets in or out.
        package struct Permission: Codable, Sendable {
            package struct Range: Codable, Sendable {
                package var cidrIp = "0.0.0.0/0"
            }

            package struct IPv6Range: Codable, Sendable {
                package var cidrIpv6 = "::/0"
            }

            /// Any.
            package var ipProtocol = "-1"
            package var groups: [String] = []
            package var ipRanges = [Range()]
            package var ipv6Ranges = [IPv6Range()]
            package var prefixListIds: [String] = []
        }

        package var groupId: String
        package var groupName: String
        package var groupDescription = "lets everything in and out"
        package var ownerId: String
        package var vpcId: String
        package var securityGroupArn: String
        package var ipPermissions = [Permission()]
        package var ipPermissionsEgress = [Permission()]

        package init(_ group: GroupIdentifier, ownerId: String, vpcId: String, securityGroupArn: String) {
            groupId = group.groupId
            groupName = group.groupName
            self.ownerId = ownerId
            self.vpcId = vpcId
            self.securityGroupArn = securityGroupArn
        }
    }

    package struct DescribeAddresses: Request {
        package static let operation = "DescribeAddresses"

        package var publicIp: [String]?
        package var allocationId: [String]?
        package var filter: [Filter]?
        package var dryRun: Bool?

        /// Elastic addresses, of which there are none.
        package struct Response: Codable, Sendable {
            package var addressesSet: [String] = []

            package init() {}
        }
    }
}
