// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    package struct DescribeInstanceTypes: Request {
        package static let operation = "DescribeInstanceTypes"

        package var instanceType: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var instanceTypeSet: [InstanceType]

            package init(instanceTypeSet: [InstanceType]) { self.instanceTypeSet = instanceTypeSet }
        }
    }

    /// What an instance of a type has: whatever it is called, the machine that it runs on.
    package struct InstanceType: Codable, Sendable {
        package struct Processor: Codable, Sendable {
            package var supportedArchitectures: [String]
        }

        package struct VCPU: Codable, Sendable {
            package var defaultVCpus: Int
            package var defaultCores: Int
            package var defaultThreadsPerCore = 1
        }

        package struct Memory: Codable, Sendable {
            package var sizeInMiB: Int
        }

        package struct EBS: Codable, Sendable {
            package var ebsOptimizedSupport = "default"
            package var encryptionSupport = "unsupported"
            package var nvmeSupport = "unsupported"
            package var maximumEbsAttachments = 1
        }

        package struct Network: Codable, Sendable {
            package var networkPerformance = "the machine's"
            package var maximumNetworkInterfaces = 1
            package var maximumNetworkCards = 1
            package var defaultNetworkCardIndex = 0
            package var ipv4AddressesPerInterface = 1
            package var ipv6AddressesPerInterface = 0
            package var ipv6Supported = false
            package var enaSupport = "supported"
            package var efaSupported = false
        }

        package var instanceType: String
        package var currentGeneration = true
        package var freeTierEligible = false
        package var supportedUsageClasses = ["on-demand"]
        package var supportedRootDeviceTypes = ["ebs"]
        package var supportedVirtualizationTypes = ["hvm"]
        package var supportedBootModes = ["uefi"]
        package var bareMetal = false
        package var hypervisor = "xen"
        package var processorInfo: Processor
        package var vCpuInfo: VCPU
        package var memoryInfo: Memory
        package var instanceStorageSupported = false
        package var ebsInfo = EBS()
        package var networkInfo = Network()
        package var hibernationSupported = false
        package var burstablePerformanceSupported = false
        package var dedicatedHostsSupported = false
        package var autoRecoverySupported = false
        package var nitroEnclavesSupport = "unsupported"
        package var nitroTpmSupport = "unsupported"

        /// - Parameter memory: in MiB.
        package init(instanceType: String, architecture: String, processors: Int, memory: Int) {
            self.instanceType = instanceType
            processorInfo = Processor(supportedArchitectures: [architecture])
            vCpuInfo = VCPU(defaultVCpus: processors, defaultCores: processors)
            memoryInfo = Memory(sizeInMiB: memory)
        }
    }
}
