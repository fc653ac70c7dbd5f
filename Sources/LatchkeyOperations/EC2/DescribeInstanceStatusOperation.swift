// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore
internal import NIOCore

/// Tells whether instances can be reached.
struct DescribeInstanceStatusOperation: EC2Operation {
    static let action: Action = "ec2:DescribeInstanceStatus"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeInstanceStatus, in context: OperationContext) async throws
        -> EC2.DescribeInstanceStatus.Response
    {
        var filters = try EC2Filters(request.filter)
        let table = AttributeTable.instanceStatuses
        try table.check(filters)
        if request.includeAllInstances != true { filters.add("instance-state-name", InstanceState.running.rawValue) }
        let known = try filters.take { name, patterns in
            name.hasPrefix("instance-state-") ? EC2Service.filter(name, patterns) : nil
        }
        let rest = filters
        let query = EC2Service.InstanceQuery(
            ids: request.instanceId,
            filters: known,
            maxResults: request.maxResults,
            nextToken: request.nextToken,
            sizes: 5...1000,
            batch: rest.all.isEmpty ? nil : 1000
        )
        let connected = try await agents.connected().get()
        let now = Date()
        let (page, next) = try await ec2.find(request, query) { batch in
            let managed = try await pool.run { try store.managedInstanceIDs(among: batch.map(\.id)) }
            return
                batch.map { instance in
                    let reachability = Self.status(
                        instance,
                        hasAgent: managed.contains(instance.id),
                        isConnected: connected.contains(instance.id),
                        at: now
                    )
                    return (instance, status(instance, reachability))
                }
                .filter { table.passes($0.1, rest) }
        }
        return EC2.DescribeInstanceStatus.Response(instanceStatusSet: page.map(\.1), nextToken: next)
    }

    private func status(_ instance: InstanceDescription, _ reachability: EC2.StatusSummary) -> EC2.InstanceStatus {
        let isRunning = instance.state == .running
        return EC2.InstanceStatus(
            instanceId: instance.id,
            placement: surroundings.placement,
            instanceState: EC2.State(instance.state),
            instanceStatus: reachability,
            systemStatus: EC2.StatusSummary(
                status: isRunning ? "ok" : "not-applicable",
                reachability: isRunning ? "passed" : nil
            )
        )
    }

    /// Seconds that an agent has for its first report.
    private static let reportTime = 300.0

    /// An instance is reachable if its agent is there. One that has none counts as reachable while it runs, since a stock client
    /// may wait for that; of one that was not launched here nothing is known.
    private static func status(
        _ instance: InstanceDescription,
        hasAgent: Bool,
        isConnected: Bool,
        at date: Date
    ) -> EC2.StatusSummary {
        guard instance.state == .running else {
            return EC2.StatusSummary(status: "not-applicable", reachability: nil)
        }
        let age = instance.launch.map { date.timeIntervalSince($0.launched) }
        if isConnected || (!hasAgent && age.map { $0 > LaunchRecord.agentTime } == true) {
            return EC2.StatusSummary(status: "ok", reachability: "passed")
        }
        if let age, age < reportTime { return EC2.StatusSummary(status: "initializing", reachability: "initializing") }
        return hasAgent
            ? EC2.StatusSummary(status: "impaired", reachability: "failed")
            : EC2.StatusSummary(status: "insufficient-data", reachability: "insufficient-data")
    }
}

extension AttributeTable where Element == EC2.InstanceStatus {
    /// All that DescribeInstanceStatus may be filtered by (EC2 API Reference, version 2016-11-15). There are no events.
    static let instanceStatuses: AttributeTable = {
        var table = AttributeTable(absent: [
            "application-status.status", "event.code", "event.description", "event.instance-event-id",
            "event.not-after", "event.not-before",
            "event.not-before-deadline", "operator.principal",
        ])
        table["attached-ebs-status.status"] = { [$0.attachedEbsStatus.status] }
        table["availability-zone"] = { [$0.availabilityZone] }
        table["availability-zone-id"] = { [$0.availabilityZoneId] }
        table["instance-state-code"] = { [String($0.instanceState.code)] }
        table["instance-state-name"] = { [$0.instanceState.name] }
        table["instance-status.reachability"] = { $0.instanceStatus.details.map(\.status) }
        table["instance-status.status"] = { [$0.instanceStatus.status] }
        table["operator.managed"] = { [String($0.operator.managed)] }
        table["system-status.reachability"] = { $0.systemStatus.details.map(\.status) }
        table["system-status.status"] = { [$0.systemStatus.status] }
        return table
    }()
}
