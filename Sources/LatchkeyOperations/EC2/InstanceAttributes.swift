// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

extension AttributeTable where Element == EC2.Instance {
    /// All that DescribeInstances may be filtered by (EC2 API Reference, version 2016-11-15).
    static let instances: AttributeTable = {
        var table = AttributeTable(absent: absent) { $0.tagSet }
        addOwn(to: &table)
        addOptions(to: &table)
        addInterface(to: &table)
        return table
    }()

    /// What no instance has.
    private static let absent = [
        "affinity", "capacity-reservation-id",
        "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
        "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
        "host-id", "instance-lifecycle", "kernel-id", "operator.principal", "outpost-arn", "placement-group-name",
        "placement-partition-number", "platform", "product-code", "product-code.type", "ramdisk-id", "requester-id",
        "spot-instance-request-id", "tpm-support",
        "network-interface.addresses.association.allocation-id",
        "network-interface.addresses.association.association-id",
        "network-interface.addresses.association.carrier-ip",
        "network-interface.addresses.association.customer-owned-ip",
        "network-interface.association.allocation-id", "network-interface.association.association-id",
        "network-interface.association.carrier-ip", "network-interface.association.customer-owned-ip",
        "network-interface.ipv4-prefixes.ipv4-prefix", "network-interface.ipv6-prefixes.ipv6-prefix",
        "network-interface.operator.principal", "network-interface.outpost-arn", "network-interface.requester-id",
        "network-interface.tag-key", "network-interface.tag-value",
    ]

    private static func addOwn(to table: inout AttributeTable) {
        table["architecture"] = { [$0.architecture] }
        table["availability-zone"] = { [$0.placement.availabilityZone] }
        table["availability-zone-id"] = { [$0.placement.availabilityZoneId] }
        table["block-device-mapping.attach-time"] = {
            $0.blockDeviceMapping.map { QueryXML.text(of: $0.ebs.attachTime) }
        }
        table["block-device-mapping.delete-on-termination"] = {
            $0.blockDeviceMapping.map { String($0.ebs.deleteOnTermination) }
        }
        table["block-device-mapping.device-name"] = { $0.blockDeviceMapping.map(\.deviceName) }
        table["block-device-mapping.status"] = { $0.blockDeviceMapping.map(\.ebs.status) }
        table["block-device-mapping.volume-id"] = { $0.blockDeviceMapping.map(\.ebs.volumeId) }
        table["hypervisor"] = { [$0.hypervisor] }
        table["instance.group-id"] = { $0.groupSet.map(\.groupId) }
        table["instance.group-name"] = { $0.groupSet.map(\.groupName) }
        table["owner-id"] = { _ in [Principal.account] }
        table["platform-details"] = { [$0.platformDetails] }
        table["private-dns-name"] = { $0.privateDnsName.isEmpty ? [] : [$0.privateDnsName] }
        table["reason"] = { [$0.reason] }
        table["root-device-name"] = { [$0.rootDeviceName] }
        table["root-device-type"] = { [$0.rootDeviceType] }
        table["source-dest-check"] = { [$0.sourceDestCheck.map { String($0) }] }
        table["state-reason-message"] = { [$0.stateReason?.message] }
        table["subnet-id"] = { [$0.subnetId] }
        table["usage-operation"] = { [$0.usageOperation] }
        table["usage-operation-update-time"] = { [QueryXML.text(of: $0.usageOperationUpdateTime)] }
        table["virtualization-type"] = { [$0.virtualizationType] }
        table["vpc-id"] = { [$0.vpcId] }
    }

    private static func addOptions(to table: inout AttributeTable) {
        table["boot-mode"] = { [$0.bootMode] }
        table["capacity-reservation-specification.capacity-reservation-preference"] = {
            [$0.capacityReservationSpecification.capacityReservationPreference]
        }
        table["current-instance-boot-mode"] = { [$0.currentInstanceBootMode] }
        table["ebs-optimized"] = { [String($0.ebsOptimized)] }
        table["ena-support"] = { [String($0.enaSupport)] }
        table["enclave-options.enabled"] = { [String($0.enclaveOptions.enabled)] }
        table["hibernation-options.configured"] = { [String($0.hibernationOptions.configured)] }
        table["iam-instance-profile.arn"] = { [$0.iamInstanceProfile?.arn] }
        table["iam-instance-profile.id"] = { [$0.iamInstanceProfile?.id] }
        table["maintenance-options.auto-recovery"] = { [$0.maintenanceOptions.autoRecovery] }
        table["metadata-options.http-endpoint"] = { [$0.metadataOptions.httpEndpoint] }
        table["metadata-options.http-protocol-ipv4"] = { [$0.metadataOptions.httpEndpoint] }
        table["metadata-options.http-protocol-ipv6"] = { [$0.metadataOptions.httpProtocolIpv6] }
        table["metadata-options.http-put-response-hop-limit"] = {
            [String($0.metadataOptions.httpPutResponseHopLimit)]
        }
        table["metadata-options.http-tokens"] = { [$0.metadataOptions.httpTokens] }
        table["metadata-options.instance-metadata-tags"] = { [$0.metadataOptions.instanceMetadataTags] }
        table["metadata-options.state"] = { [$0.metadataOptions.state] }
        table["monitoring-state"] = { [$0.monitoring.state] }
        table["network-performance-options.bandwidth-weighting"] = {
            [$0.networkPerformanceOptions.bandwidthWeighting]
        }
        table["operator.managed"] = { [String($0.operator.managed)] }
        table["private-dns-name-options.enable-resource-name-dns-a-record"] = {
            [String($0.privateDnsNameOptions.enableResourceNameDnsARecord)]
        }
        table["private-dns-name-options.enable-resource-name-dns-aaaa-record"] = {
            [String($0.privateDnsNameOptions.enableResourceNameDnsAAAARecord)]
        }
        table["private-dns-name-options.hostname-type"] = { [$0.privateDnsNameOptions.hostnameType] }
        table["tenancy"] = { [$0.placement.tenancy] }
    }

    private static func addInterface(to table: inout AttributeTable) {
        func add(_ name: String, _ values: @escaping @Sendable (EC2.NetworkInterface) -> [String?]) {
            table["network-interface.\(name)"] = { $0.networkInterfaceSet.flatMap { values($0) } }
        }
        add("addresses.association.ip-owner-id") { [$0.association?.ipOwnerId] }
        add("addresses.primary") { $0.privateIpAddressesSet.map { String($0.primary) } }
        add("addresses.private-dns-name") { $0.privateIpAddressesSet.map(\.privateDnsName) }
        add("association.ip-owner-id") { [$0.association?.ipOwnerId] }
        add("attachment.attach-time") { [QueryXML.text(of: $0.attachment.attachTime)] }
        add("attachment.attachment-id") { [$0.attachment.attachmentId] }
        add("attachment.delete-on-termination") { [String($0.attachment.deleteOnTermination)] }
        add("attachment.device-index") { [String($0.attachment.deviceIndex)] }
        table["network-interface.attachment.instance-id"] = { instance in
            instance.networkInterfaceSet.map { _ in instance.instanceId }
        }
        add("attachment.instance-owner-id") { [$0.ownerId] }
        add("attachment.network-card-index") { [String($0.attachment.networkCardIndex)] }
        add("attachment.status") { [$0.attachment.status] }
        table["network-interface.availability-zone"] = { instance in
            instance.networkInterfaceSet.map { _ in instance.placement.availabilityZone }
        }
        add("deny-all-igw-traffic") { _ in ["false"] }
        add("description") { [$0.description] }
        add("group-id") { $0.groupSet.map(\.groupId) }
        add("group-name") { $0.groupSet.map(\.groupName) }
        add("ipv6-addresses.is-primary-ipv6") { $0.ipv6AddressesSet.map { String($0.isPrimaryIpv6) } }
        add("ipv6-native") { _ in ["false"] }
        add("mac-address") { [$0.macAddress] }
        add("network-interface-id") { [$0.networkInterfaceId] }
        add("operator.managed") { [String($0.operator.managed)] }
        add("owner-id") { [$0.ownerId] }
        add("private-dns-name") { [$0.privateDnsName] }
        add("requester-managed") { _ in ["false"] }
        add("source-dest-check") { [String($0.sourceDestCheck)] }
        add("status") { [$0.status] }
        add("subnet-id") { [$0.subnetId] }
        add("vpc-id") { [$0.vpcId] }
    }
}
