// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension EC2 {
    /// The one network interface that an instance has.
    package struct NetworkInterface: Codable, Sendable {
        package struct Attachment: Codable, Sendable {
            package var attachmentId: String
            package var deviceIndex = 0
            package var networkCardIndex = 0
            package var status = "attached"
            package var attachTime: Date
            package var deleteOnTermination = true

            package init(attachmentId: String, attachTime: Date) {
                self.attachmentId = attachmentId
                self.attachTime = attachTime
            }
        }

        /// With a public address.
        package struct Association: Codable, Sendable {
            package var publicIp: String
            package var publicDnsName: String
            package var ipOwnerId: String

            package init(publicIp: String, publicDnsName: String, ipOwnerId: String) {
                self.publicIp = publicIp
                self.publicDnsName = publicDnsName
                self.ipOwnerId = ipOwnerId
            }
        }

        package struct Address: Codable, Sendable {
            package var privateIpAddress: String
            package var privateDnsName: String
            package var primary = true
            package var association: Association?

            package init(privateIpAddress: String, privateDnsName: String, association: Association?) {
                self.privateIpAddress = privateIpAddress
                self.privateDnsName = privateDnsName
                self.association = association
            }
        }

        package struct IPv6Address: Codable, Sendable {
            package var ipv6Address: String
            package var isPrimaryIpv6 = false

            package init(_ address: String) { ipv6Address = address }
        }

        package var networkInterfaceId: String
        package var subnetId: String
        package var vpcId: String
        package var description = ""
        package var ownerId: String
        package var status = "in-use"
        package var macAddress: String
        package var privateIpAddress: String?
        package var privateDnsName: String
        package var sourceDestCheck = true
        package var groupSet: [GroupIdentifier]
        package var attachment: Attachment
        package var association: Association?
        package var privateIpAddressesSet: [Address] = []
        package var ipv6AddressesSet: [IPv6Address] = []
        package var interfaceType = "interface"
        package var `operator` = Operator()

        package init(
            networkInterfaceId: String,
            subnetId: String,
            vpcId: String,
            ownerId: String,
            macAddress: String,
            privateDnsName: String,
            groupSet: [GroupIdentifier],
            attachment: Attachment
        ) {
            self.networkInterfaceId = networkInterfaceId
            self.subnetId = subnetId
            self.vpcId = vpcId
            self.ownerId = ownerId
            self.macAddress = macAddress
            self.privateDnsName = privateDnsName
            self.groupSet = groupSet
            self.attachment = attachment
        }
    }
}
