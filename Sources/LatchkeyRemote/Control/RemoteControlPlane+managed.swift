// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

/// Machines that registered themselves (`mi-…`) are known to Systems Manager only, which finds none by its name: to find
/// one, all have to be read. So what was read is kept for a moment.
extension RemoteControlPlane {
    /// Systems Manager's own (API Reference, DescribeInstanceInformation, MaxResults).
    private static let pageSize = RemoteService.PageSize(most: 50, least: 5)

    /// All of them; none where the service is not there or may not be asked.
    ///
    /// - Parameter age: how old the answer may be.
    func managedInstances(_ age: ResponseCache.Age) throws -> [Instance] {
        try noted(managedCache.instances("managed", age) { try askForManagedInstances() })
    }

    /// Those with these ids, which need not be read of among all.
    func managedInstances(withIDs ids: [Instance.ID]) throws -> [Instance] {
        if let all = managedCache.knownInstances("managed", .current) {
            return try noted(all.filter { ids.contains($0.id) })
        }
        var found: [Instance] = []
        for start in stride(from: 0, to: ids.count, by: RemoteControlPlane.pageSize.most) {
            let some = Array(ids[start..<min(start + RemoteControlPlane.pageSize.most, ids.count)])
            found += try managedCache.instances("ids:\(some.joined(separator: ","))") {
                try askForManagedInstances(some)
            }
        }
        return try noted(found)
    }

    private func askForManagedInstances(_ ids: [Instance.ID]? = nil) throws -> [Instance] {
        try service.signIn()
        var found: [Instance] = []
        var leftOut = 0
        do throws(ServiceFailure) {
            try service.readPages(
                of: RemoteControlPlane.pageSize,
                { size, token in
                    var request = DescribeInstanceInformation()
                    request.filters = [
                        DescribeInstanceInformation.Filter(key: "ResourceType", values: ["ManagedInstance"])
                    ]
                    if let ids {
                        request.filters?.append(DescribeInstanceInformation.Filter(key: "InstanceIds", values: ids))
                    }
                    request.maxResults = size
                    request.nextToken = token
                    return request
                },
                take: { answer in
                    let list = answer.instanceInformationList
                    let managed = list.records.filter { !$0.instanceId.hasPrefix(Identifier.instancePrefix) }
                    let instances = managed.compactMap(Instance.init)
                    found += instances
                    leftOut += list.leftOut + managed.count - instances.count
                    return RemoteService.Page(byteCount: list.byteCount, next: answer.nextToken, goesOn: true)
                }
            )
        } catch {
            // Look-alikes of EC2 come without this service, and not every user may use it.
            if case .refused(_, let status, _) = error, status < 500 || !service.isAmazon { return [] }
            throw service.settings.error(error, doing: "ssm:DescribeInstanceInformation")
        }
        tell(leftOut: leftOut)
        return found
    }
}

extension Instance {
    /// - Returns: nil for one whose id is none.
    fileprivate init?(_ information: DescribeInstanceInformation.Information) {
        guard information.instanceId.hasPrefix(Identifier.managedInstancePrefix),
            Identifier.looksLikeInstanceID(information.instanceId)
        else { return nil }
        let name = [information.name, information.computerName].compactMap { $0 }.first { !$0.isEmpty }
        self.init(
            id: information.instanceId,
            tags: name.map { [Tags.nameKey: $0] } ?? [:],
            addresses: [information.iPAddress].compactMap { $0 }.filter { (try? Names.address($0)) != nil },
            created: information.registrationDate ?? Date(timeIntervalSince1970: 0)
        )
    }
}
