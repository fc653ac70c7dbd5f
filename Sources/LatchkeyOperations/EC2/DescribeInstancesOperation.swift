// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Lists instances, with all that is told of them.
struct DescribeInstancesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeInstances"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeInstances, in context: OperationContext) async throws
        -> EC2.DescribeInstances.Response
    {
        var filters = try EC2Filters(request.filter)
        let (table, around) = (AttributeTable.instances, surroundingAttributes)
        let isAround = filters.all.contains { around[$0.name] != nil }
        let canPass = [
            filters.removeConstants(constants), filters.removeConstants(around), !asksForForeignName(filters),
        ]
        .allSatisfy { $0 }
        var known = try filters.take(EC2Service.filter)
        if isAround { known += EC2Service.stateFilter { $0 != .terminated } }
        try table.check(filters)
        let rest = filters
        let query = EC2Service.InstanceQuery(
            ids: request.instanceId,
            filters: canPass ? known : nil,
            maxResults: request.maxResults,
            nextToken: request.nextToken,
            sizes: 5...1000,
            batch: rest.all.isEmpty ? nil : Self.pageSize
        )
        let (page, next) = try await ec2.find(request, query) { batch in
            batch.map { ($0, ec2.record($0)) }.filter { rest.all.isEmpty || table.passes($0.1, rest) }
        }
        return EC2.DescribeInstances.Response(reservationSet: ec2.reservations(page), nextToken: next)
    }

    /// How many instances a page has where the request does not say.
    private static let pageSize = 1000

    /// What all instances have alike, by which none has to be looked at.
    private var constants: [String: [String]] {
        [
            "owner-id": [Principal.account], "availability-zone": [surroundings.zone],
            "availability-zone-id": [surroundings.zoneID], "architecture": [Machine.architecture],
            "platform-details": ["Linux/UNIX"], "platform": [],
        ]
    }

    /// What all have alike that are not terminated.
    private var surroundingAttributes: [String: [String]] {
        let group = surroundings.group
        var all: [String: [String]] = [:]
        for prefix in ["", "network-interface."] {
            all[prefix + "vpc-id"] = [surroundings.vpcID]
            all[prefix + "subnet-id"] = [surroundings.subnetID]
        }
        for prefix in ["instance.", "network-interface."] {
            all[prefix + "group-id"] = [group.groupId]
            all[prefix + "group-name"] = [group.groupName]
        }
        return all
    }

    /// Whether a name in the network is asked for that no instance could have: then none has to be looked at.
    private func asksForForeignName(_ filters: EC2Filters) -> Bool {
        filters.all.contains { name, patterns in
            name.hasSuffix("private-dns-name")
                && patterns.allSatisfy { $0.literal.map { !surroundings.isPrivateName($0) } == true }
        }
    }
}
