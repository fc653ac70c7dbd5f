// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel

extension EC2Service {
    func describeInstances(_ parameters: QueryParameters) throws -> Answer {
        let (found, next) = try instances(parameters)
        let zone = "\(region)a"
        let launches = try store.launches(of: found.map(\.id))
        return { xml in
            // One for each, although those of one launch could be told together: parts of a list may cut through it.
            xml.list("reservationSet", found) { xml, instance in
                let launch = launches[instance.id]
                xml.element("reservationId", text: launch?.reservationID ?? "r-" + EC2Service.digits(instance.id))
                xml.element("ownerId", text: Principal.account)
                xml.list("groupSet", [Int]()) { _, _ in }
                xml.list("instancesSet", [instance]) { xml, instance in xml.instance(instance, launch, zone: zone) }
            }
            xml.element("nextToken", ifAny: next)
        }
    }

    func describeInstanceStatus(_ parameters: QueryParameters) throws -> Answer {
        let includesAll = parameters["IncludeAllInstances"] == "true"
        let running = includesAll ? nil : InstanceFilter(name: "instance-state-name", values: ["running"])
        let (found, next) = try instances(parameters, and: [running].compactMap(\.self))
        let zone = "\(region)a"
        return { xml in
            xml.list("instanceStatusSet", found) { xml, instance in
                xml.element("instanceId", text: instance.id)
                xml.element("availabilityZone", text: zone)
                xml.element("instanceState") { xml in xml.state(instance.state) }
                let word = instance.state == .running ? "ok" : "not-applicable"
                for name in ["systemStatus", "instanceStatus"] {
                    xml.element(name) { xml in
                        xml.element("status", text: word)
                        if instance.state == .running {
                            xml.list("details", ["passed"]) { xml, status in
                                xml.element("name", text: "reachability")
                                xml.element("status", text: status)
                            }
                        }
                    }
                }
            }
            xml.element("nextToken", ifAny: next)
        }
    }

    /// The instances that a request asks for, and the token of the next part.
    private func instances(
        _ parameters: QueryParameters,
        and more: [InstanceFilter] = []
    ) throws -> (found: [Instance], next: String?) {
        let ids = parameters.list("InstanceId")
        for id in ids { try checkID(id) }
        let filters = try filters(parameters)
            .map { name, values in
                guard let filter = InstanceFilter(name: name, values: values) else {
                    throw QueryError.unknownFilter(name)
                }
                return filter
            }
        let (limit, after) = try page(parameters, limits: 5...1000)
        if !ids.isEmpty {
            let known = Set(try store.instances(withIDs: ids).map(\.id))
            if let id = ids.first(where: { !known.contains($0) }) { throw QueryError.noInstance(id) }
        }
        try stopAtDryRun(parameters)
        let (found, hasMore) = try store.instances(withIDs: ids, where: filters + more, after: after, limit: limit)
        return (found, hasMore ? found.last?.id : nil)
    }

    func checkID(_ id: String) throws(QueryError) {
        guard Identifier.looksLikeInstanceID(id) else {
            throw QueryError(
                code: "InvalidInstanceID.Malformed",
                message: "Invalid id: \"\(id.prefix(64))\" (expecting \"i-...\")"
            )
        }
    }

    private func instance(_ parameters: QueryParameters) throws -> Instance {
        let id = try required("InstanceId", parameters)
        try checkID(id)
        guard let instance = try store.instances(withIDs: [id]).first else { throw QueryError.noInstance(id) }
        try stopAtDryRun(parameters)
        return instance
    }

    static func hostKeyLines(_ instance: Instance) -> String {
        let keys = instance.hostKeys.map(\.key)
        guard !keys.isEmpty else { return "" }
        var lines = ["-----BEGIN SSH HOST KEY FINGERPRINTS-----"]
        lines += keys.map { "\($0.bits ?? 256) \(Fingerprint.openSSH($0)) (\($0.typeName.uppercased()))" }
        lines.append("-----END SSH HOST KEY FINGERPRINTS-----")
        lines.append("-----BEGIN SSH HOST KEY KEYS-----")
        lines += keys.map { "\($0.line) \(instance.name ?? instance.id)" }
        lines.append("-----END SSH HOST KEY KEYS-----\n")
        return lines.joined(separator: "\n")
    }

    /// Always empty: only Windows instances have one, and none are launched here.
    func getPasswordData(_ parameters: QueryParameters) throws -> Answer {
        let instance = try instance(parameters)
        return { xml in
            xml.element("instanceId", text: instance.id)
            xml.element("timestamp", text: EC2Service.time(instance.created))
            xml.element("passwordData", text: "")
        }
    }

    // MARK: Places

    func describeRegions(_ parameters: QueryParameters) throws -> Answer {
        let wanted = parameters.list("RegionName")
        if let other = wanted.first(where: { $0 != region }) {
            throw QueryError.invalid("Invalid region provided: [\(other.prefix(64))]")
        }
        for filter in try filters(parameters)
        where !["region-name", "endpoint", "opt-in-status"].contains(filter.name) {
            throw QueryError.unknownFilter(filter.name)
        }
        try stopAtDryRun(parameters)
        return { [region] xml in
            xml.list("regionInfo", [region]) { xml, region in
                xml.element("regionName", text: region)
                xml.element("regionEndpoint", text: "ec2.\(region).amazonaws.com")
                xml.element("optInStatus", text: "opt-in-not-required")
            }
        }
    }

    func describeAvailabilityZones(_ parameters: QueryParameters) throws -> Answer {
        try stopAtDryRun(parameters)
        return { [region] xml in
            xml.list("availabilityZoneInfo", ["\(region)a"]) { xml, zone in
                xml.element("zoneName", text: zone)
                xml.element("zoneState", text: "available")
                xml.element("regionName", text: region)
                xml.element("optInStatus", text: "opt-in-not-required")
                xml.element("zoneType", text: "availability-zone")
            }
        }
    }

    static func digits(_ id: String) -> String { String(id.drop { $0 != "-" }.dropFirst()) }
}

extension XMLWriter {
    mutating func state(_ state: InstanceState) {
        element("code", state.code)
        element("name", text: state.rawValue)
    }

    mutating func instance(_ instance: Instance, _ launch: LaunchRecord?, zone: String) {
        let isAddress = { (text: String) in text.contains(":") || text.utf8.allSatisfy { $0 < 0x3A && $0 != 0x2D } }
        let address = instance.addresses.first { isAddress($0) && !$0.contains(":") }
        let name = instance.addresses.first { !isAddress($0) }
        element("instanceId", text: instance.id)
        element("imageId", ifAny: launch?.imageID)
        element("instanceState") { xml in xml.state(instance.state) }
        element("privateDnsName", text: name ?? "")
        element("dnsName", text: name ?? "")
        element("reason", text: launch?.stateReason?.message ?? "")
        element("keyName", ifAny: instance.keyName)
        element("amiLaunchIndex", launch?.launchIndex ?? 0)
        element("instanceType", ifAny: launch?.instanceType)
        element("launchTime", text: EC2Service.time(launch?.launched ?? instance.created))
        element("placement") { xml in
            xml.element("availabilityZone", text: zone)
            xml.element("groupName", text: "")
            xml.element("tenancy", text: "default")
        }
        element("monitoring") { $0.element("state", text: "disabled") }
        element("privateIpAddress", ifAny: address)
        element("ipAddress", ifAny: address)
        list("groupSet", [Int]()) { _, _ in }
        element("rootDeviceType", text: "instance-store")
        list("blockDeviceMapping", [Int]()) { _, _ in }
        element("clientToken", ifAny: launch?.idempotency?.clientToken)
        tags(instance.tags)
        if let reason = launch?.stateReason {
            element("stateReason") { xml in
                xml.element("code", text: reason.code)
                xml.element("message", text: reason.message)
            }
        }
        list("networkInterfaceSet", [Int]()) { _, _ in }
    }
}
