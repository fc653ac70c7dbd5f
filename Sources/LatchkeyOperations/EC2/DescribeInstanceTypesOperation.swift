// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// The default type, those that were launched, and any that is asked for: a type is a word here,
/// and all of them have what the machine has.
struct DescribeInstanceTypesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeInstanceTypes"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeInstanceTypes, in context: OperationContext) async throws
        -> EC2.DescribeInstanceTypes.Response
    {
        try EC2Service.checkOnePage(request.maxResults, request.nextToken)
        if let other = (request.instanceType ?? []).first(where: { !EC2Service.isType($0) }) {
            throw ServiceError(
                code: "InvalidInstanceType",
                message: "The following supplied instance types do not exist: "
                    + "[\(other.cut(to: .quotation).terminalSafe)]"
            )
        }
        let names =
            if let wanted = request.instanceType {
                Set(wanted)
            } else {
                try await pool.run { Set(try store.launchedTypes(limit: Self.typeLimit)) }
                    .union([InstanceFilter.defaultType])
            }
        let types = names.sorted()
            .map { name in
                EC2.InstanceType(
                    instanceType: name,
                    architecture: Machine.architecture,
                    processors: Machine.processors,
                    memory: Machine.memory
                )
            }
        return EC2.DescribeInstanceTypes.Response(
            instanceTypeSet: try ec2.filtered(types, request.filter, .instanceTypes, request)
        )
    }

    /// How many types are told of in one answer.
    private static let typeLimit = 1000
}

extension AttributeTable where Element == EC2.InstanceType {
    /// All that DescribeInstanceTypes may be filtered by (EC2 API Reference, version 2016-11-15).
    static let instanceTypes: AttributeTable = {
        var table = AttributeTable(absent: [
            "ebs-info.attachment-limit-type", "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
            "ebs-info.ebs-optimized-info.baseline-iops",
            "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
            "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", "ebs-info.ebs-optimized-info.maximum-iops",
            "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", "instance-storage-info.disk.count",
            "instance-storage-info.disk.size-in-gb", "instance-storage-info.disk.type",
            "instance-storage-info.encryption-support", "instance-storage-info.nvme-support",
            "instance-storage-info.total-size-in-gb", "network-info.bandwidth-weightings",
            "network-info.efa-info.maximum-efa-interfaces", "network-info.encryption-in-transit-supported",
            "network-info.flexible-ena-queues-support", "nitro-tpm-info.supported-versions",
            "processor-info.supported-features", "processor-info.sustained-clock-speed-in-ghz",
            "reboot-migration-support", "vcpu-info.valid-cores", "vcpu-info.valid-threads-per-core",
        ])
        table["auto-recovery-supported"] = { [String($0.autoRecoverySupported)] }
        table["bare-metal"] = { [String($0.bareMetal)] }
        table["burstable-performance-supported"] = { [String($0.burstablePerformanceSupported)] }
        table["current-generation"] = { [String($0.currentGeneration)] }
        table["dedicated-hosts-supported"] = { [String($0.dedicatedHostsSupported)] }
        table["ebs-info.ebs-optimized-support"] = { [$0.ebsInfo.ebsOptimizedSupport] }
        table["ebs-info.encryption-support"] = { [$0.ebsInfo.encryptionSupport] }
        table["ebs-info.maximum-ebs-attachments"] = { [String($0.ebsInfo.maximumEbsAttachments)] }
        table["ebs-info.nvme-support"] = { [$0.ebsInfo.nvmeSupport] }
        table["free-tier-eligible"] = { [String($0.freeTierEligible)] }
        table["hibernation-supported"] = { [String($0.hibernationSupported)] }
        table["hypervisor"] = { [$0.hypervisor] }
        table["instance-storage-supported"] = { [String($0.instanceStorageSupported)] }
        table["instance-type"] = { [$0.instanceType] }
        table["memory-info.size-in-mib"] = { [String($0.memoryInfo.sizeInMiB)] }
        table["network-info.efa-supported"] = { [String($0.networkInfo.efaSupported)] }
        table["network-info.ena-support"] = { [$0.networkInfo.enaSupport] }
        table["network-info.ipv4-addresses-per-interface"] = { [String($0.networkInfo.ipv4AddressesPerInterface)] }
        table["network-info.ipv6-addresses-per-interface"] = { [String($0.networkInfo.ipv6AddressesPerInterface)] }
        table["network-info.ipv6-supported"] = { [String($0.networkInfo.ipv6Supported)] }
        table["network-info.maximum-network-cards"] = { [String($0.networkInfo.maximumNetworkCards)] }
        table["network-info.maximum-network-interfaces"] = { [String($0.networkInfo.maximumNetworkInterfaces)] }
        table["network-info.network-performance"] = { [$0.networkInfo.networkPerformance] }
        table["nitro-enclaves-support"] = { [$0.nitroEnclavesSupport] }
        table["nitro-tpm-support"] = { [$0.nitroTpmSupport] }
        table["processor-info.supported-architecture"] = { $0.processorInfo.supportedArchitectures }
        table["supported-boot-mode"] = { $0.supportedBootModes }
        table["supported-root-device-type"] = { $0.supportedRootDeviceTypes }
        table["supported-usage-class"] = { $0.supportedUsageClasses }
        table["supported-virtualization-type"] = { $0.supportedVirtualizationTypes }
        table["vcpu-info.default-cores"] = { [String($0.vCpuInfo.defaultCores)] }
        table["vcpu-info.default-threads-per-core"] = { [String($0.vCpuInfo.defaultThreadsPerCore)] }
        table["vcpu-info.default-vcpus"] = { [String($0.vCpuInfo.defaultVCpus)] }
        return table
    }()
}
