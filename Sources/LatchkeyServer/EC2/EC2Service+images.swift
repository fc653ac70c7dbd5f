// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

extension EC2Service {
    func describeImages(_ request: EC2.DescribeImages) async throws -> EC2.DescribeImages.Response {
        let filters = try EC2Filters(request.filter)
        for (name, _) in filters.all where EC2Service.attributes[name] == nil && !name.hasPrefix("tag") {
            throw EC2Filters.unknown(name)
        }
        let limit = try EC2Service.limit(request.maxResults, 1...1000, otherwise: 1000)
        let launcher = try requireLauncher()
        let images = try await launcher.images()
            .map { image in
                EC2.Image(
                    imageId: image.id,
                    name: image.name.cut(to: .imageText),
                    description: image.description?.cut(to: .imageText),
                    architecture: image.architecture,
                    creationDate: QueryXML.text(of: image.created),
                    ownerId: Principal.account
                )
            }
            .sorted { $0.imageId < $1.imageId }
        for id in request.imageId ?? [] where !images.contains(where: { $0.imageId == id }) {
            throw ServiceError(
                code: id.hasPrefix("ami-") ? "InvalidAMIID.NotFound" : "InvalidAMIID.Malformed",
                message: "The image id '[\(id.cut(to: .quotation).terminalSafe)]' does not exist"
            )
        }
        try checkDryRun(request)
        let owners = request.owner ?? []
        let isOwned = owners.isEmpty || owners.contains { ["self", Principal.account].contains($0) }
        let found = try images.filter { image in
            try isOwned && request.imageId?.contains(image.imageId) != false
                && (request.nextToken.map { image.imageId > $0 } ?? true)
                && filters.pass { EC2Service.attributes[$0].map { $0(image) } ?? [] }
        }
        let page = Array(found.prefix(limit))
        return EC2.DescribeImages.Response(
            imagesSet: page,
            nextToken: found.count > limit ? page.last?.imageId : nil
        )
    }

    private static let attributes: [String: @Sendable (EC2.Image) -> [String]] = [
        "image-id": { [$0.imageId] },
        "name": { [$0.name] },
        "description": { $0.description.map { [$0] } ?? [] },
        "architecture": { [$0.architecture] },
        "state": { [$0.imageState] },
        "image-type": { [$0.imageType] },
        "owner-id": { [$0.imageOwnerId] },
        "creation-date": { [$0.creationDate] },
        "is-public": { [$0.isPublic ? "true" : "false"] },
        "platform-details": { [$0.platformDetails] },
    ]

    /// The one region that there is.
    ///
    /// - Parameter host: by which name it was asked.
    func describeRegions(_ request: EC2.DescribeRegions, host: String) throws -> EC2.DescribeRegions.Response {
        let shape = EC2.Region(regionName: region, regionEndpoint: host)
        if let other = (request.regionName ?? []).first(where: { $0 != region }) {
            throw ServiceError.invalidParameter(
                "Invalid region name(s): '\(other.cut(to: .quotation).terminalSafe)'; there is '\(region)' only"
            )
        }
        let passes = try EC2Filters(request.filter)
            .pass { name in
                switch name {
                case "region-name": [shape.regionName]
                case "endpoint": [shape.regionEndpoint]
                case "opt-in-status": [shape.optInStatus]
                default: nil
                }
            }
        try checkDryRun(request)
        return EC2.DescribeRegions.Response(regionInfo: passes ? [shape] : [])
    }
}
