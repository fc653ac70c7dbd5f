// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel

/// Machines that registered themselves (`mi-…`) are known to Systems Manager only.
extension RemoteControlPlane {
    private static let pageSize = 50

    /// All of them; none where the service is not there or may not be asked.
    func managedInstances() throws -> [Instance] {
        try service.signIn()
        let found: [Instance]
        do throws(ServiceFailure) { found = try askForManagedInstances() } catch {
            // Look-alikes of EC2 come without this service, and not everybody may use it.
            if case .refused(_, let status, _) = error, status < 500 || !service.isAmazon { return [] }
            throw service.settings.error(error, doing: "ssm:DescribeInstanceInformation")
        }
        return try noted(found)
    }

    private func askForManagedInstances() throws(ServiceFailure) -> [Instance] {
        var found: [Instance] = []
        var token: String?
        repeat {
            var request = DescribeInstanceInformation()
            request.filters = [DescribeInstanceInformation.Filter(key: "ResourceType", values: ["ManagedInstance"])]
            request.maxResults = RemoteControlPlane.pageSize
            request.nextToken = token
            let answer = try service.sessions.call(request)
            found += answer.instanceInformationList.compactMap(Instance.init)
            let next = answer.nextToken.flatMap { $0.isEmpty ? nil : $0 }
            guard next != token || next == nil else { break }
            token = next
        } while token != nil
        return found
    }
}

extension Instance {
    /// - Returns: nil for one that EC2 knows as well.
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
