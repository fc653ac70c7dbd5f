// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel

extension EC2Service {
    /// The one region that there is.
    ///
    /// - Parameter host: by which name it was asked.
    func describeRegions(_ request: EC2.DescribeRegions, host: String) throws -> EC2.DescribeRegions.Response {
        let region = EC2.Region(regionName: surroundings.region, regionEndpoint: host)
        if let other = (request.regionName ?? []).first(where: { $0 != region.regionName }) {
            throw ServiceError.invalidParameter(
                "Invalid region name(s): '\(other.cut(to: .quotation).terminalSafe)'; there is '\(region.regionName)' only"
            )
        }
        return EC2.DescribeRegions.Response(regionInfo: try filtered([region], request.filter, .regions, request))
    }

    /// Of a few things those that pass.
    func filtered<Element>(
        _ all: [Element],
        _ filters: [EC2.Filter]?,
        _ table: AttributeTable<Element>,
        _ request: some EC2.Request
    ) throws(ServiceError) -> [Element] {
        let filters = try EC2Filters(filters)
        try table.check(filters)
        try checkDryRun(request)
        return all.filter { table.passes($0, filters) }
    }

    /// That a list of a few things is asked for as one page, since there is no other one.
    static func checkOnePage(_ maxResults: Int?, _ nextToken: String?) throws(ServiceError) {
        _ = try limit(maxResults, 5...1000, otherwise: 1000)
        if nextToken != nil { throw invalidToken }
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
