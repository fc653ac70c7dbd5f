// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// An instance as EC2 tells of it.
extension EC2Service {
    func record(_ instance: InstanceDescription) -> EC2.Instance {
        let (launch, options) = (instance.launch, LaunchOptions(instance.launch))
        let isGone = instance.state == .terminated
        var metadata = EC2.MetadataOptions(isServed: launch != nil)
        if let wanted = options.metadata { metadata = wanted }
        var record = EC2.Instance(
            instanceId: instance.id,
            instanceState: EC2.State(instance.state),
            instanceType: launch?.instanceType ?? InstanceFilter.defaultType,
            launchTime: launch?.launched ?? instance.created,
            placement: surroundings.placement,
            architecture: Machine.architecture,
            rootDeviceName: options.rootDeviceName ?? Surroundings.rootDevices[0],
            metadataOptions: metadata
        )
        record.placement.tenancy = options.tenancy ?? "default"
        record.imageId = launch?.imageID
        record.amiLaunchIndex = launch?.launchIndex ?? 0
        record.keyName = instance.keyName
        record.clientToken = launch?.idempotency?.clientToken ?? ""
        record.monitoring.state = options.isMonitored == true ? "enabled" : "disabled"
        record.ebsOptimized = options.isEBSOptimized ?? false
        record.iamInstanceProfile = options.instanceProfile
        record.cpuOptions = options.cpu ?? EC2.CPUOptions(coreCount: Machine.processors)
        record.capacityReservationSpecification = options.capacityReservation ?? record.capacityReservationSpecification
        record.privateDnsNameOptions = options.names ?? record.privateDnsNameOptions
        record.maintenanceOptions = options.maintenance ?? record.maintenanceOptions
        let tags = EC2Service.tags(of: instance)
        record.tagSet = tags.isEmpty ? nil : tags
        if let launch, let reason = launch.stateReason {
            record.stateReason = EC2.StateReason(code: reason.code, message: reason.message)
            record.reason = EC2Service.transition(reason, at: launch.stateChanged)
        }
        // A terminated instance has nothing any more.
        if isGone { return record }
        addNetwork(to: &record, instance, options)
        record.blockDeviceMapping = [
            EC2.BlockDevice(
                deviceName: record.rootDeviceName,
                volumeId: Surroundings.id(Surroundings.volumePrefix, of: instance.id),
                attachTime: record.launchTime,
                deleteOnTermination: options.volume?.isDeletedOnTermination ?? true
            )
        ]
        return record
    }

    /// With those that tell what else was noted about an instance that was added, as clients of another machine read it.
    private static func tags(of instance: InstanceDescription) -> [EC2.Tag] {
        var tags = instance.tags.map { EC2.Tag(key: $0.key, value: $0.value) }
        guard instance.launch == nil else { return tags }
        let port = instance.port == Instance.defaultPort ? nil : String(instance.port)
        for case (let key, let value?) in [(Tags.userKey, instance.user), (Tags.portKey, port)]
        where !tags.contains(where: { $0.key == key }) {
            tags.append(EC2.Tag(key: key, value: value))
        }
        return tags
    }

    /// For example `User initiated (2026-01-31 09:30:00 GMT)`, from which tools read how long an instance is in its state.
    static func transition(_ reason: LaunchRecord.StateReason, at date: Date) -> String {
        let text = QueryXML.text(of: date)
        let time = "(\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) GMT)"
        return switch reason.code {
        case LaunchRecord.StateReason.userStopped.code: "User initiated \(time)"
        case LaunchRecord.StateReason.selfStopped.code: "Instance initiated \(time)"
        default: "\(reason.code) \(time): \(reason.message)"
        }
    }

    /// The addresses of an instance, by their kinds.
    private struct Addresses {
        var privateIPv4: String?
        var publicIPv4: String?
        var ipv6: String?
        var name: String?

        init(_ addresses: [String]) {
            for address in addresses {
                switch AddressKind(address) {
                case .privateIPv4: privateIPv4 = privateIPv4 ?? address
                case .publicIPv4: publicIPv4 = publicIPv4 ?? address
                case .ipv6: ipv6 = ipv6 ?? address
                case .name: name = name ?? address
                }
            }
            // What others reach it by is public to them, whatever range it is in: tools look there first.
            publicIPv4 = publicIPv4 ?? privateIPv4
        }
    }

    private func addNetwork(to record: inout EC2.Instance, _ instance: InstanceDescription, _ options: LaunchOptions) {
        let addresses = Addresses(instance.addresses)
        let isOn = instance.state != .stopped
        let named = options.names?.hostnameType == "resource-name" ? nil : addresses.privateIPv4
        record.privateIpAddress = addresses.privateIPv4
        record.privateDnsName = surroundings.privateName(of: instance.id, address: named)
        record.ipv6Address = addresses.ipv6
        if isOn {
            record.ipAddress = addresses.publicIPv4
            // A name that cannot be looked up would keep tools from connecting.
            record.dnsName = addresses.name ?? addresses.publicIPv4 ?? ""
        }
        record.vpcId = surroundings.vpcID
        record.subnetId = surroundings.subnetID
        record.groupSet = [surroundings.group]
        record.sourceDestCheck = true
        var interface = EC2.NetworkInterface(
            networkInterfaceId: Surroundings.id("eni-", of: instance.id),
            subnetId: surroundings.subnetID,
            vpcId: surroundings.vpcID,
            ownerId: Principal.account,
            macAddress: Surroundings.macAddress(of: instance.id),
            privateDnsName: record.privateDnsName,
            groupSet: record.groupSet,
            attachment: EC2.NetworkInterface.Attachment(
                attachmentId: Surroundings.id("eni-attach-", of: instance.id),
                attachTime: record.launchTime
            )
        )
        interface.description = options.interfaceDescription ?? ""
        interface.privateIpAddress = addresses.privateIPv4
        interface.association = record.ipAddress.map { address in
            EC2.NetworkInterface.Association(
                publicIp: address,
                publicDnsName: record.dnsName,
                ipOwnerId: Principal.account
            )
        }
        if let address = addresses.privateIPv4 {
            interface.privateIpAddressesSet = [
                EC2.NetworkInterface.Address(
                    privateIpAddress: address,
                    privateDnsName: record.privateDnsName,
                    association: interface.association
                )
            ]
        }
        interface.ipv6AddressesSet = addresses.ipv6.map { [EC2.NetworkInterface.IPv6Address($0)] } ?? []
        record.networkInterfaceSet = [interface]
    }
}
