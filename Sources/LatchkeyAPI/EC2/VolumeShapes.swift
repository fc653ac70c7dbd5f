// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension EC2 {
    /// What a volume is if the request does not say.
    package enum VolumeDefaults {
        /// In GiB.
        package static let size = 8
        package static let type = "gp3"
        package static let iops = 3000
        /// In MiB a second.
        package static let throughput = 125
    }

    package struct DescribeVolumes: Request {
        package static let operation = "DescribeVolumes"

        package var volumeId: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var includeManagedResources: Bool?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var volumeSet: [Volume]
            package var nextToken: String?

            package init(volumeSet: [Volume], nextToken: String?) {
                self.volumeSet = volumeSet
                self.nextToken = nextToken
            }
        }
    }

    /// The one volume of an instance.
    package struct Volume: Codable, Sendable {
        package struct Attachment: Codable, Sendable {
            package var volumeId: String
            package var instanceId: String
            package var device: String
            package var status: String
            package var attachTime: Date
            package var deleteOnTermination: Bool
        }

        package var volumeId: String
        package var size = VolumeDefaults.size
        package var snapshotId = ""
        package var availabilityZone: String
        package var availabilityZoneId: String
        package var status = "in-use"
        package var createTime: Date
        package var attachmentSet: [Attachment]
        package var tagSet: [Tag]?
        package var volumeType = VolumeDefaults.type
        package var iops: Int? = VolumeDefaults.iops
        package var throughput: Int? = VolumeDefaults.throughput
        package var encrypted = false
        package var multiAttachEnabled = false
        package var `operator` = Operator()

        package init(_ device: BlockDevice, of instance: Instance, created: Date, tags: [Tag]) {
            volumeId = device.ebs.volumeId
            availabilityZone = instance.placement.availabilityZone
            availabilityZoneId = instance.placement.availabilityZoneId
            createTime = created
            attachmentSet = [
                Attachment(
                    volumeId: device.ebs.volumeId,
                    instanceId: instance.instanceId,
                    device: device.deviceName,
                    status: device.ebs.status,
                    attachTime: device.ebs.attachTime,
                    deleteOnTermination: device.ebs.deleteOnTermination
                )
            ]
            tagSet = tags.isEmpty ? nil : tags
        }
    }
}
