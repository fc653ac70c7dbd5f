// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore
internal import NIOCore

/// Lists instances whose agents have registered, and whether these are connected.
struct DescribeInstanceInformationOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DescribeInstanceInformation"

    let ssm: SystemsManager

    func execute(_ request: DescribeInstanceInformation, in context: OperationContext) async throws
        -> DescribeInstanceInformation.Response
    {
        let connected = try await agents.connected().get()
        let filters = ((request.filters ?? []) + (request.instanceInformationFilterList ?? []))
            .map { ($0.key ?? "", $0.values ?? $0.valueSet ?? []) }
        // Latchkey's own word: those whose registration is used twice.
        let copied = try await agents.copied().get().keys.sorted()
        let known = try filters.map { (key, values) in
            if key == "LatchkeyCopied" { return ManagedInstanceFilter.instanceIDs(copied) }
            if key == "PingStatus" { return Self.filter(ofPingStatus: values, connected) }
            guard let known = ManagedInstanceFilter(key: key, values: values) else {
                // To leave it out would give more than was asked for.
                throw ServiceError(code: "InvalidFilterKey", message: "'\(key.cut(to: .quotation))' is not a filter")
            }
            return known
        }
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let (page, named) = try await pool.run {
            let page = try store.managedInstances(known, limit: limit, after: cursor)
            return (page, try store.instances(withIDs: page.elements.map(\.instanceID)))
        }
        let names = Dictionary(named.map { ($0.id, $0.name) }) { first, _ in first }
        let list = page.elements.map { instance in
            var shape = DescribeInstanceInformation.Information(
                instanceId: instance.instanceID,
                pingStatus: connected.contains(instance.instanceID) ? "Online" : "ConnectionLost"
            )
            shape.lastPingDateTime = connected.contains(instance.instanceID) ? Date() : instance.lastPing
            shape.resourceType = ManagedInstanceFilter.resourceType(of: instance.instanceID)
            shape.agentVersion = instance.report.agentVersion
            shape.platformType = instance.report.platformType
            shape.platformName = instance.report.platformName
            shape.platformVersion = instance.report.platformVersion
            shape.activationId = instance.activationID
            shape.registrationDate = instance.registered
            shape.iPAddress = instance.report.ipAddress
            shape.computerName = instance.report.computerName
            shape.name = names[instance.instanceID] ?? nil
            return shape
        }
        return DescribeInstanceInformation.Response(instanceInformationList: list, nextToken: page.next?.text)
    }

    /// Which agents have one of these states of their connection.
    private static func filter(
        ofPingStatus states: [String],
        _ connected: Set<Instance.ID>
    ) -> ManagedInstanceFilter {
        switch (states.contains("Online"), states.contains("ConnectionLost")) {
        case (true, true): .notInstanceIDs([])
        case (true, false): .instanceIDs(connected.sorted())
        case (false, true): .notInstanceIDs(connected.sorted())
        case (false, false): .nothing
        }
    }
}
