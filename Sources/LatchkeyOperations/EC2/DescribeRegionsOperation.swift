// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// The one region that there is.
struct DescribeRegionsOperation: EC2Operation {
    static let action: Action = "ec2:DescribeRegions"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeRegions, in context: OperationContext) async throws
        -> EC2.DescribeRegions.Response
    {
        let region = EC2.Region(regionName: surroundings.region, regionEndpoint: context.host ?? "localhost")
        if let other = (request.regionName ?? []).first(where: { $0 != region.regionName }) {
            throw ServiceError.invalidParameter(
                "Invalid region name(s): '\(other.cut(to: .quotation).terminalSafe)'; there is '\(region.regionName)' only"
            )
        }
        return EC2.DescribeRegions.Response(regionInfo: try ec2.filtered([region], request.filter, .regions, request))
    }
}

extension AttributeTable where Element == EC2.Region {
    /// All that DescribeRegions may be filtered by (EC2 API Reference, version 2016-11-15).
    static let regions: AttributeTable = {
        var table = AttributeTable()
        table["endpoint"] = { [$0.regionEndpoint] }
        table["opt-in-status"] = { [$0.optInStatus] }
        table["region-name"] = { [$0.regionName] }
        return table
    }()
}
