// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel
internal import NIOCore

extension EC2Service {
    #if arch(arm64)
    static let architecture = "arm64"
    #else
    static let architecture = "x86_64"
    #endif
    /// How many instances a page has where nobody said.
    private static let pageSize = 1000

    /// What all instances have alike.
    private var constants: [String: [String]] {
        [
            "owner-id": [Principal.account], "availability-zone": [zone], "architecture": [EC2Service.architecture],
            "tenancy": ["default"], "monitoring-state": ["disabled"], "platform-details": ["Linux/UNIX"],
            // What no instance has.
            "platform": [], "vpc-id": [], "subnet-id": [], "instance-lifecycle": [], "requester-id": [],
            "ramdisk-id": [],
            "kernel-id": [],
        ]
    }

    func describeInstances(_ request: EC2.DescribeInstances) async throws -> EC2.DescribeInstances.Response {
        let (page, hasMore) = try await find(
            request,
            ids: request.instanceId,
            filters: try EC2Filters(request.filter),
            maxResults: request.maxResults,
            nextToken: request.nextToken
        )
        return EC2.DescribeInstances.Response(
            reservationSet: reservations(page),
            nextToken: hasMore ? page.last.map { EC2Service.token($0.id) } : nil
        )
    }

    /// A page of instances.
    private func find(
        _ request: some EC2.Request,
        ids: [String]?,
        filters: EC2Filters,
        maxResults: Int?,
        nextToken: String?
    ) async throws -> (page: [InstanceDescription], hasMore: Bool) {
        var filters = filters
        let ids = try ids.map { ids throws(ServiceError) in try EC2Service.instanceIDs(ids) }
        if ids != nil, maxResults != nil {
            throw ServiceError.combination(
                "The parameter instancesSet cannot be used with the parameter maxResults"
            )
        }
        let limit = try EC2Service.limit(maxResults, 5...1000, otherwise: max(EC2Service.pageSize, ids?.count ?? 0))
        let last = try nextToken.map { token throws(ServiceError) in try EC2Service.place(token: token) }
        let canPass = filters.settle(constants)
        let known = try filters.take(EC2Service.filter)
        try filters.checkEmpty()
        return try await workers.run {
            if let ids {
                let unknown = Set(ids).subtracting(try store.knownInstanceIDs(among: ids))
                if !unknown.isEmpty { throw ServiceError.instancesNotFound(ids.filter(unknown.contains)) }
            }
            try checkDryRun(request)
            guard canPass else { return ([], false) }
            return try store.describeInstances(known, ids: ids, limit: limit, after: last)
        }
    }

    private static func filter(_ name: String, _ patterns: [WildcardPattern]) -> InstanceFilter? {
        guard name == "instance-state-code" else { return InstanceFilter(name: name, patterns: patterns) }
        // The high byte is the server's own; clients are to leave it out.
        let states = InstanceState.allCases.filter { state in
            patterns.contains { $0.matches(String(EC2.State.code(of: state))) }
        }
        return InstanceFilter(
            name: "instance-state-name",
            patterns: states.isEmpty ? [WildcardPattern("none")] : states.map { WildcardPattern($0.rawValue) }
        )
    }

    private static func token(_ id: String) -> String { Data(id.utf8).base64EncodedString() }

    private static func place(token: String) throws(ServiceError) -> Instance.ID {
        guard let id = Data(base64Encoded: token).flatMap({ String(validating: $0, as: UTF8.self) }),
            Identifier.looksLikeInstanceID(id)
        else { throw invalidToken }
        return id
    }

    // MARK: Shapes

    /// Instances of one launch are together, in the order of their index.
    func reservations(_ instances: [InstanceDescription]) -> [EC2.Reservation] {
        var reservations: [EC2.Reservation] = []
        var places: [String: Int] = [:]
        for instance in instances {
            let id = EC2Service.reservationID(of: instance)
            let shape = shape(instance)
            if let place = places[id] {
                reservations[place].instancesSet.append(shape)
            } else {
                places[id] = reservations.count
                reservations.append(
                    EC2.Reservation(reservationId: id, ownerId: Principal.account, instancesSet: [shape])
                )
            }
        }
        for index in reservations.indices where reservations[index].instancesSet.count > 1 {
            reservations[index].instancesSet.sort { $0.amiLaunchIndex < $1.amiLaunchIndex }
        }
        return reservations
    }

    /// An instance that was added has a reservation of its own, named after it.
    private static func reservationID(of instance: InstanceDescription) -> String {
        instance.launch?.reservationID
            ?? Identifier.reservationPrefix + instance.id.dropFirst(Identifier.instancePrefix.count)
    }

    private func shape(_ instance: InstanceDescription) -> EC2.Instance {
        let launch = instance.launch
        var shape = EC2.Instance(
            instanceId: instance.id,
            instanceState: EC2.State(instance.state),
            launchTime: launch?.launched ?? instance.created,
            amiLaunchIndex: launch?.launchIndex ?? 0,
            placement: EC2.Placement(availabilityZone: zone),
            tagSet: instance.tags.map { EC2.Tag(key: $0.key, value: $0.value) }
        )
        shape.imageId = launch?.imageID
        shape.instanceType = launch?.instanceType
        shape.keyName = instance.keyName
        shape.clientToken = launch?.idempotency?.clientToken
        shape.architecture = EC2Service.architecture
        if let reason = launch?.stateReason {
            shape.stateReason = EC2.StateReason(code: reason.code, message: reason.message)
            shape.reason = reason.message
        }
        for address in instance.addresses {
            switch AddressKind(address) {
            case .privateIPv4: shape.privateIpAddress = shape.privateIpAddress ?? address
            case .publicIPv4: shape.ipAddress = shape.ipAddress ?? address
            case .ipv6: shape.ipv6Address = shape.ipv6Address ?? address
            case .name: shape.dnsName = shape.dnsName ?? address
            }
        }
        // What others reach it by is public to them, whatever range it is in: tools look there first.
        shape.ipAddress = shape.ipAddress ?? shape.privateIpAddress
        return shape
    }

    // MARK: Status

    func describeInstanceStatus(
        _ request: EC2.DescribeInstanceStatus
    ) async throws -> EC2.DescribeInstanceStatus.Response {
        var filters = try EC2Filters(request.filter)
        let ofStatus = try filters.take { name, patterns in
            EC2Service.statusAttributes.contains(name) ? (name, patterns) : nil
        }
        if request.includeAllInstances != true { filters.add("instance-state-name", InstanceState.running.rawValue) }
        let (page, hasMore) = try await find(
            request,
            ids: request.instanceId,
            filters: filters,
            maxResults: request.maxResults,
            nextToken: request.nextToken
        )
        let connected = try await relay.connected().get()
        let managed = try await workers.run { try store.managedInstanceIDs(among: page.map(\.id)) }
        let now = Date()
        let list = page.map { instance -> EC2.InstanceStatus in
            let isRunning = instance.state == .running
            return EC2.InstanceStatus(
                instanceId: instance.id,
                availabilityZone: zone,
                instanceState: EC2.State(instance.state),
                instanceStatus: EC2Service.status(
                    instance,
                    hasAgent: managed.contains(instance.id),
                    isConnected: connected.contains(instance.id),
                    at: now
                ),
                systemStatus: EC2.StatusSummary(
                    status: isRunning ? "ok" : "not-applicable",
                    reachability: isRunning ? "passed" : nil
                )
            )
        }
        let passed = list.filter { status in
            ofStatus.allSatisfy { name, patterns in
                patterns.contains { $0.matches(EC2Service.value(of: status, name)) }
            }
        }
        return EC2.DescribeInstanceStatus.Response(
            instanceStatusSet: passed,
            nextToken: hasMore ? page.last.map { EC2Service.token($0.id) } : nil
        )
    }

    private static let statusAttributes: Set<String> = [
        "instance-status.status", "instance-status.reachability", "system-status.status", "system-status.reachability",
    ]

    private static func value(of status: EC2.InstanceStatus, _ attribute: String) -> String {
        let summary = attribute.hasPrefix("instance-status.") ? status.instanceStatus : status.systemStatus
        return attribute.hasSuffix(".status") ? summary.status : summary.details.first?.status ?? ""
    }

    /// Seconds that an agent has for its first report, and seconds after which an instance is taken for one without an agent.
    private static let patience = 300.0
    private static let agentTime = 30.0

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
        if isConnected || (!hasAgent && age.map { $0 > agentTime } == true) {
            return EC2.StatusSummary(status: "ok", reachability: "passed")
        }
        if let age, age < patience { return EC2.StatusSummary(status: "initializing", reachability: "initializing") }
        return hasAgent
            ? EC2.StatusSummary(status: "impaired", reachability: "failed")
            : EC2.StatusSummary(status: "insufficient-data", reachability: "insufficient-data")
    }
}

/// What kind of address a text is.
enum AddressKind: Equatable {
    case privateIPv4, publicIPv4, ipv6, name

    init(_ address: String) {
        if address.contains(":") {
            self = .ipv6
            return
        }
        let numbers = address.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard numbers.count == 4, let first = numbers[0], let second = numbers[1], numbers[2] != nil, numbers[3] != nil
        else {
            self = .name
            return
        }
        // A network's own (RFC 1918, 3927, 6598), and this machine's.
        switch (first, second) {
        case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): self = .privateIPv4
        default: self = .publicIPv4
        }
    }
}
