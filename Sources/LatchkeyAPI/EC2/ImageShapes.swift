// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    package struct DescribeImages: Request {
        package static let operation = "DescribeImages"

        package var imageId: [String]?
        package var owner: [String]?
        package var executableBy: [String]?
        package var filter: [Filter]?
        package var includeDeprecated: Bool?
        package var includeDisabled: Bool?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var imagesSet: [Image]
            package var nextToken: String?

            package init(imagesSet: [Image], nextToken: String?) {
                self.imagesSet = imagesSet
                self.nextToken = nextToken
            }
        }
    }

    package struct Image: Codable, Sendable {
        package var imageId: String
        package var name: String
        package var description: String?
        package var architecture: String
        /// A text, unlike other dates of this API.
        package var creationDate: String
        package var imageLocation: String
        package var imageOwnerId: String
        package var imageState = "available"
        package var imageType = "machine"
        package var isPublic = false
        package var platformDetails = "Linux/UNIX"
        package var usageOperation = "RunInstances"
        package var productCodes: [String] = []
        package var blockDeviceMapping: [BlockDevice]
        package var rootDeviceName: String
        package var rootDeviceType = "ebs"
        package var virtualizationType = "hvm"
        package var hypervisor = "xen"
        package var enaSupport = true
        package var bootMode = "uefi"
        package var imdsSupport = "v2.0"
        package var imageAllowed = true
        package var freeTierEligible = false

        /// What an instance's volume begins as.
        package struct BlockDevice: Codable, Sendable {
            package struct Volume: Codable, Sendable {
                package var deleteOnTermination = true
                package var snapshotId: String
                package var volumeSize = VolumeDefaults.size
                package var volumeType = VolumeDefaults.type
                package var encrypted = false
            }

            package var deviceName: String
            package var ebs: Volume
        }

        package init(
            imageId: String,
            name: String,
            description: String?,
            architecture: String,
            creationDate: String,
            ownerId: String,
            rootDeviceName: String,
            snapshotId: String
        ) {
            self.imageId = imageId
            self.name = name
            self.description = description
            self.architecture = architecture
            self.creationDate = creationDate
            imageLocation = "\(ownerId)/\(name)"
            imageOwnerId = ownerId
            self.rootDeviceName = rootDeviceName
            blockDeviceMapping = [
                BlockDevice(deviceName: rootDeviceName, ebs: BlockDevice.Volume(snapshotId: snapshotId))
            ]
        }
    }

    package struct DescribeRegions: Request {
        package static let operation = "DescribeRegions"

        package var regionName: [String]?
        package var filter: [Filter]?
        package var allRegions: Bool?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var regionInfo: [Region]

            package init(regionInfo: [Region]) { self.regionInfo = regionInfo }
        }
    }

    package struct Region: Codable, Sendable {
        package var regionName: String
        package var regionEndpoint: String
        package var optInStatus = "opt-in-not-required"

        package init(regionName: String, regionEndpoint: String) {
            self.regionName = regionName
            self.regionEndpoint = regionEndpoint
        }
    }
}
