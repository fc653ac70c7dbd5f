// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Lists the images of the container engine that instances can be launched from.
struct DescribeImagesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeImages"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeImages, in context: OperationContext) async throws
        -> EC2.DescribeImages.Response
    {
        let filters = try EC2Filters(request.filter)
        let table = AttributeTable.images
        try table.check(filters)
        let limit = try EC2Service.limit(request.maxResults, 1...1000, otherwise: 1000)
        let last = try request.nextToken.map { token throws(ServiceError) in try Self.image(behind: token) }
        let launcher = try ec2.requireLauncher()
        let images = try await launcher.images().map(image).sorted { $0.imageId < $1.imageId }
        for id in request.imageId ?? [] where !images.contains(where: { $0.imageId == id }) {
            throw ServiceError(
                code: id.hasPrefix(Self.imagePrefix) ? "InvalidAMIID.NotFound" : "InvalidAMIID.Malformed",
                message: "The image id '[\(id.cut(to: .quotation).terminalSafe)]' does not exist"
            )
        }
        try ec2.checkDryRun(request)
        let owners = request.owner ?? []
        let isOwned = owners.isEmpty || owners.contains { ["self", Principal.account].contains($0) }
        let found = images.filter { image in
            isOwned && request.imageId?.contains(image.imageId) != false && last.map { image.imageId > $0 } != false
                && table.passes(image, filters)
        }
        let page = Array(found.prefix(limit))
        return EC2.DescribeImages.Response(
            imagesSet: page,
            nextToken: found.count > limit ? page.last.map { Data($0.imageId.utf8).base64EncodedString() } : nil
        )
    }

    private static let imagePrefix = "ami-"

    private static func image(behind token: String) throws(ServiceError) -> String {
        guard let id = Data(base64Encoded: token).flatMap({ String(validating: $0, as: UTF8.self) }),
            id.hasPrefix(imagePrefix)
        else { throw EC2Service.invalidToken }
        return id
    }

    private func image(_ image: LaunchImage) -> EC2.Image {
        EC2.Image(
            imageId: image.id,
            name: image.name.cut(to: .imageText),
            description: image.description?.cut(to: .imageText),
            architecture: image.architecture,
            creationDate: QueryXML.text(of: image.created),
            ownerId: Principal.account,
            rootDeviceName: Surroundings.rootDevices[0],
            snapshotId: "snap-" + image.id.dropFirst(Self.imagePrefix.count)
        )
    }
}

extension AttributeTable where Element == EC2.Image {
    /// All that DescribeImages may be filtered by (EC2 API Reference, version 2016-11-15).
    static let images: AttributeTable = {
        var table = AttributeTable(
            absent: [
                "image-watermark.source-image-creation-time", "image-watermark.source-image-id",
                "image-watermark.source-image-region", "image-watermark.watermark-creation-time",
                "image-watermark.watermark-key", "instance-type-specification.supported-instance-type",
                "instance-type-specification.unsupported-instance-type", "kernel-id", "owner-alias", "platform",
                "product-code", "product-code.type", "public-ssm-parameter-name", "ramdisk-id",
                "scan-result.critical-fix-available-since", "scan-result.finding-scan-date",
                "scan-result.high-fix-available-since", "scan-result.highest-finding-severity-label",
                "scan-result.informational-fix-available-since", "scan-result.low-fix-available-since",
                "scan-result.medium-fix-available-since", "source-image-id", "source-image-region",
                "source-instance-id", "sriov-net-support", "state-reason-code", "state-reason-message",
            ],
            tags: { _ in [] }
        )
        table["architecture"] = { [$0.architecture] }
        table["block-device-mapping.delete-on-termination"] = {
            $0.blockDeviceMapping.map { String($0.ebs.deleteOnTermination) }
        }
        table["block-device-mapping.device-name"] = { $0.blockDeviceMapping.map(\.deviceName) }
        table["block-device-mapping.encrypted"] = { $0.blockDeviceMapping.map { String($0.ebs.encrypted) } }
        table["block-device-mapping.snapshot-id"] = { $0.blockDeviceMapping.map(\.ebs.snapshotId) }
        table["block-device-mapping.volume-size"] = { $0.blockDeviceMapping.map { String($0.ebs.volumeSize) } }
        table["block-device-mapping.volume-type"] = { $0.blockDeviceMapping.map(\.ebs.volumeType) }
        table["boot-mode"] = { [$0.bootMode] }
        table["creation-date"] = { [$0.creationDate] }
        table["description"] = { [$0.description] }
        table["ena-support"] = { [String($0.enaSupport)] }
        table["free-tier-eligible"] = { [String($0.freeTierEligible)] }
        table["hypervisor"] = { [$0.hypervisor] }
        table["image-allowed"] = { [String($0.imageAllowed)] }
        table["image-id"] = { [$0.imageId] }
        table["image-type"] = { [$0.imageType] }
        table["is-public"] = { [String($0.isPublic)] }
        table["manifest-location"] = { [$0.imageLocation] }
        table["name"] = { [$0.name] }
        table["owner-id"] = { [$0.imageOwnerId] }
        table["platform-details"] = { [$0.platformDetails] }
        table["root-device-name"] = { [$0.rootDeviceName] }
        table["root-device-type"] = { [$0.rootDeviceType] }
        table["state"] = { [$0.imageState] }
        table["virtualization-type"] = { [$0.virtualizationType] }
        return table
    }()
}
