// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// The one zone.
struct DescribeAvailabilityZonesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeAvailabilityZones"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeAvailabilityZones, in context: OperationContext) async throws
        -> EC2.DescribeAvailabilityZones.Response
    {
        let zone = EC2.AvailabilityZone(
            zoneName: surroundings.zone,
            zoneId: surroundings.zoneID,
            regionName: surroundings.region
        )
        let others = (request.zoneName ?? []).filter { $0 != zone.zoneName }
        if let other = (others + (request.zoneId ?? []).filter { $0 != zone.zoneId }).first {
            throw ServiceError.invalidParameter(
                "Invalid availability zone: [\(other.cut(to: .quotation).terminalSafe)]; there is \(zone.zoneName) only"
            )
        }
        return EC2.DescribeAvailabilityZones.Response(
            availabilityZoneInfo: try ec2.filtered([zone], request.filter, .zones, request)
        )
    }
}

extension AttributeTable where Element == EC2.AvailabilityZone {
    /// All that DescribeAvailabilityZones may be filtered by (EC2 API Reference, version 2016-11-15).
    static let zones: AttributeTable = {
        var table = AttributeTable(absent: ["group-long-name", "message", "parent-zone-id", "parent-zone-name"])
        table["group-name"] = { [$0.groupName] }
        table["opt-in-status"] = { [$0.optInStatus] }
        table["region-name"] = { [$0.regionName] }
        table["state"] = { [$0.zoneState] }
        table["zone-id"] = { [$0.zoneId] }
        table["zone-name"] = { [$0.zoneName] }
        table["zone-type"] = { [$0.zoneType] }
        return table
    }()
}
