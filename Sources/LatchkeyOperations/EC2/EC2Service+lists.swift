// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI

/// Lists of a few things, which are looked through one by one.
extension EC2Service {
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
