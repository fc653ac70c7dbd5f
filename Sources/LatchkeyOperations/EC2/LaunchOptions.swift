// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel

/// What a launch was asked for that changes nothing here, so that who asked finds it in the answers. Nil is what every instance
/// has.
struct LaunchOptions: Codable, Sendable {
    /// The one volume.
    struct Volume: Codable, Sendable {
        var size: Int?
        var type: String?
        var iops: Int?
        var throughput: Int?
        var isDeletedOnTermination: Bool?
    }

    var rootDeviceName: String?
    var volume: Volume?
    var interfaceDescription: String?
    var tenancy: String?
    var isMonitored: Bool?
    var isEBSOptimized: Bool?
    var instanceProfile: EC2.InstanceProfile?
    var metadata: EC2.MetadataOptions?
    var names: EC2.PrivateDNSNameOptions?
    var cpu: EC2.CPUOptions?
    var capacityReservation: EC2.CapacityReservation?
    var maintenance: EC2.MaintenanceOptions?

    init() {}

    /// Of an instance; without any if there is none, or it was launched by an older latchkeyd.
    init(_ record: LaunchRecord?) {
        // What cannot be read was written by a newer latchkeyd, and is nothing that an instance needs.
        self = record?.options.flatMap { try? JSONDecoder().decode(LaunchOptions.self, from: Data($0.utf8)) } ?? Self()
    }

    /// As the store keeps it; nil for nothing.
    func text() throws -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
        return text == "{}" ? nil : text
    }

    // MARK: From a request

    /// - Throws: `ServiceError` for what would mean something that is not so here, and for what is in no other place than this.
    init(_ request: EC2.RunInstances, in surroundings: Surroundings) throws(ServiceError) {
        try LaunchOptions.checkFixed(request)
        try LaunchOptions.checkPlace(request, surroundings)
        try takeDevices(request.blockDeviceMapping ?? [])
        try takeInterface(request)
        isMonitored = request.monitoring?.enabled == true ? true : nil
        isEBSOptimized = request.ebsOptimized == true ? true : nil
        tenancy = request.placement?.tenancy.flatMap { $0 == "default" ? nil : $0 }
        instanceProfile = try request.iamInstanceProfile.map(LaunchOptions.profile)
        metadata = try request.metadataOptions.map(LaunchOptions.metadata)
        if let wanted = request.privateDnsNameOptions {
            var names = EC2.PrivateDNSNameOptions()
            names.hostnameType = try LaunchOptions.choice(
                wanted.hostnameType,
                "PrivateDnsNameOptions.HostnameType",
                ["ip-name", "resource-name"]
            )
            names.enableResourceNameDnsARecord = wanted.enableResourceNameDnsARecord ?? false
            names.enableResourceNameDnsAAAARecord = wanted.enableResourceNameDnsAAAARecord ?? false
            self.names = names
        }
        if let wanted = request.cpuOptions {
            cpu = EC2.CPUOptions(coreCount: wanted.coreCount ?? 1, threadsPerCore: wanted.threadsPerCore ?? 1)
        }
        if let wanted = request.capacityReservationSpecification?.capacityReservationPreference {
            let name = "CapacityReservationSpecification.CapacityReservationPreference"
            capacityReservation = EC2.CapacityReservation(
                capacityReservationPreference: try LaunchOptions.choice(wanted, name, ["open", "none"])
            )
        }
        if let wanted = request.maintenanceOptions?.autoRecovery {
            maintenance = EC2.MaintenanceOptions(
                autoRecovery: try LaunchOptions.choice(
                    wanted,
                    "MaintenanceOptions.AutoRecovery",
                    ["default", "disabled"]
                )
            )
        }
    }

    /// What can only be as it is.
    private static func checkFixed(_ request: EC2.RunInstances) throws(ServiceError) {
        if let behaviour = request.instanceInitiatedShutdownBehavior, behaviour != "stop" {
            throw .unsupported("An instance that shuts down stops: InstanceInitiatedShutdownBehavior can be stop only")
        }
        if request.disableApiTermination == true || request.disableApiStop == true {
            throw .unsupported("Instances cannot be protected from being stopped or terminated")
        }
        if request.hibernationOptions?.configured == true { throw .unsupported("Instances cannot hibernate") }
        if request.enclaveOptions?.enabled == true { throw .unsupported("There are no enclaves") }
        if let group = request.placement?.groupName, !group.isEmpty {
            throw .unsupported("There are no placement groups")
        }
        _ = try choice(request.placement?.tenancy, "Placement.Tenancy", ["default", "dedicated"])
        _ = try choice(
            request.creditSpecification?.cpuCredits,
            "CreditSpecification.CpuCredits",
            ["standard", "unlimited"]
        )
    }

    /// There is one zone, one subnet and one group.
    private static func checkPlace(_ request: EC2.RunInstances, _ surroundings: Surroundings) throws(ServiceError) {
        let interfaces = request.networkInterface ?? []
        let zones =
            [(request.placement?.availabilityZone, surroundings.zone)]
            + [(request.placement?.availabilityZoneId, surroundings.zoneID)]
        for case (let zone?, let own) in zones where zone != own && !zone.isEmpty {
            throw .invalidParameter("Invalid availability zone: [\(shown(zone))]; there is \(own) only")
        }
        for subnet in [request.subnetId] + interfaces.map(\.subnetId) {
            if let subnet, subnet != surroundings.subnetID { throw .subnetNotFound(subnet) }
        }
        let groups = (request.securityGroupId ?? []) + interfaces.flatMap { $0.securityGroupId ?? [] }
        if let other = groups.first(where: { $0 != surroundings.group.groupId }) { throw .groupNotFound(other) }
        if let other = request.securityGroup?.first(where: { $0 != surroundings.group.groupName }) {
            throw .groupNotFound(other)
        }
    }

    private mutating func takeDevices(_ devices: [EC2.RunInstances.WantedDevice]) throws(ServiceError) {
        guard let device = devices.first else { return }
        guard devices.count == 1, let name = device.deviceName, Surroundings.rootDevices.contains(name) else {
            throw .unsupported(
                "An instance has one volume: BlockDeviceMapping can be about its root device only, "
                    + Surroundings.rootDevices.joined(separator: " or ")
            )
        }
        if device.ebs?.encrypted == true {
            throw .unsupported("Volumes are not encrypted: Ebs.Encrypted can be false only")
        }
        rootDeviceName = name == Surroundings.rootDevices[0] ? nil : name
        guard let wanted = device.ebs else { return }
        if let size = wanted.volumeSize, !(1...65536).contains(size) {
            throw .invalidParameter("Volume of size \(size)GiB is invalid; it must be 1 to 65536")
        }
        volume = Volume(
            size: wanted.volumeSize,
            type: try wanted.volumeType.map { type throws(ServiceError) in
                try LaunchOptions.choice(
                    type,
                    "Ebs.VolumeType",
                    ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]
                )
            },
            iops: wanted.iops,
            throughput: wanted.throughput,
            isDeletedOnTermination: wanted.deleteOnTermination
        )
    }

    private mutating func takeInterface(_ request: EC2.RunInstances) throws(ServiceError) {
        guard let interface = request.networkInterface?.first else { return }
        guard request.networkInterface?.count == 1, interface.deviceIndex == 0, interface.networkCardIndex ?? 0 == 0,
            interface.interfaceType ?? "interface" == "interface"
        else { throw .unsupported("An instance has one network interface, whose DeviceIndex is 0") }
        guard request.subnetId == nil, request.securityGroupId == nil, request.securityGroup == nil else {
            throw .combination(
                "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same "
                    + "request"
            )
        }
        if let text = interface.description {
            guard text.fits(.interfaceDescription) else {
                throw .invalidParameter("NetworkInterface.Description is too long")
            }
            interfaceDescription = text
        }
    }

    private static func profile(_ wanted: EC2.RunInstances.WantedProfile) throws(ServiceError) -> EC2.InstanceProfile {
        let prefix = "arn:aws:iam::"
        let arn = wanted.arn ?? wanted.name.map { "\(prefix)\(Principal.account):instance-profile/\($0)" } ?? ""
        let name = arn.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard arn.hasPrefix(prefix), arn.utf8.count <= 2048, (1...128).contains(name.utf8.count),
            arn.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), wanted.arn == nil || wanted.name == nil
        else { throw .invalidParameter("Value (\(shown(arn))) for parameter iamInstanceProfile is invalid") }
        // In the form of IAM's own ids.
        let digits = Hex.encode(Digest.sha256(Array(arn.utf8))).uppercased().prefix(17)
        return EC2.InstanceProfile(arn: arn, id: "AIPA\(digits)")
    }

    /// Clients always need a token, whatever was asked for: that is never weaker than what was requested.
    private static func metadata(_ wanted: EC2.RunInstances.WantedMetadata) throws(ServiceError) -> EC2.MetadataOptions
    {
        var options = EC2.MetadataOptions(isServed: true)
        let isOn = ["enabled", "disabled"]
        if try choice(wanted.httpEndpoint, "MetadataOptions.HttpEndpoint", isOn) == "disabled" {
            throw .unsupported(
                "Instances find out who they are at the metadata service: HttpEndpoint can be enabled only"
            )
        }
        if let tokens = wanted.httpTokens {
            options.httpTokens = try choice(tokens, "MetadataOptions.HttpTokens", ["required", "optional"])
        }
        if let limit = wanted.httpPutResponseHopLimit {
            guard (1...64).contains(limit) else {
                throw .invalidParameter("MetadataOptions.HttpPutResponseHopLimit must be 1 to 64")
            }
            options.httpPutResponseHopLimit = limit
        }
        if let state = wanted.httpProtocolIpv6 {
            options.httpProtocolIpv6 = try choice(state, "MetadataOptions.HttpProtocolIpv6", isOn)
        }
        if let state = wanted.instanceMetadataTags {
            options.instanceMetadataTags = try choice(state, "MetadataOptions.InstanceMetadataTags", isOn)
        }
        return options
    }

    /// - Returns: the first of them if there is no value.
    private static func choice(_ value: String?, _ name: String, _ choices: [String]) throws(ServiceError) -> String {
        guard let value else { return choices[0] }
        guard choices.contains(value) else {
            throw .invalidParameter(
                "Value (\(shown(value))) for parameter \(name) is invalid. It can be \(choices.joined(separator: ", "))"
            )
        }
        return value
    }

    private static func shown(_ text: String) -> String { text.cut(to: .quotation).terminalSafe }
}
