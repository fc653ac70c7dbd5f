// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension EC2 {
    /// An instance as EC2 tells of it. What an instance does not have is nil, as its element is not there.
    package struct Instance: Codable, Sendable {
        package var instanceId: String
        /// The image, of an instance that was launched from one.
        package var imageId: String?
        package var instanceState: State
        package var privateDnsName = ""
        package var dnsName = ""
        /// Who or what brought it into its state, with the date.
        package var reason = ""
        package var keyName: String?
        package var amiLaunchIndex = 0
        package var productCodes: [String] = []
        package var instanceType: String
        package var launchTime: Date
        package var placement: Placement
        package var monitoring = Monitoring()
        package var subnetId: String?
        package var vpcId: String?
        package var privateIpAddress: String?
        package var ipAddress: String?
        package var ipv6Address: String?
        package var sourceDestCheck: Bool?
        package var groupSet: [GroupIdentifier] = []
        package var stateReason: StateReason?
        package var architecture: String
        package var rootDeviceType = "ebs"
        package var rootDeviceName: String
        package var blockDeviceMapping: [BlockDevice] = []
        package var virtualizationType = "hvm"
        package var clientToken = ""
        package var tagSet: [Tag]?
        package var hypervisor = "xen"
        package var networkInterfaceSet: [NetworkInterface] = []
        package var iamInstanceProfile: InstanceProfile?
        package var ebsOptimized = false
        package var enaSupport = true
        package var cpuOptions = CPUOptions()
        package var capacityReservationSpecification = CapacityReservation()
        package var hibernationOptions = HibernationOptions()
        package var metadataOptions: MetadataOptions
        package var enclaveOptions = EnclaveOptions()
        package var bootMode = "uefi"
        package var currentInstanceBootMode = "uefi"
        package var platformDetails = "Linux/UNIX"
        package var usageOperation = "RunInstances"
        package var usageOperationUpdateTime: Date
        package var privateDnsNameOptions = PrivateDNSNameOptions()
        package var maintenanceOptions = MaintenanceOptions()
        package var networkPerformanceOptions = NetworkPerformance()
        package var `operator` = Operator()

        package init(
            instanceId: String,
            instanceState: State,
            instanceType: String,
            launchTime: Date,
            placement: Placement,
            architecture: String,
            rootDeviceName: String,
            metadataOptions: MetadataOptions
        ) {
            self.instanceId = instanceId
            self.instanceState = instanceState
            self.instanceType = instanceType
            self.launchTime = launchTime
            self.placement = placement
            self.architecture = architecture
            self.rootDeviceName = rootDeviceName
            self.metadataOptions = metadataOptions
            usageOperationUpdateTime = launchTime
        }
    }

    package struct StateReason: Codable, Sendable {
        package var code: String
        package var message: String

        package init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    package struct Placement: Codable, Sendable {
        package var availabilityZone: String
        package var availabilityZoneId: String
        package var groupName = ""
        package var tenancy = "default"

        package init(availabilityZone: String, availabilityZoneId: String) {
            self.availabilityZone = availabilityZone
            self.availabilityZoneId = availabilityZoneId
        }
    }

    package struct Monitoring: Codable, Sendable {
        package var state = "disabled"

        package init() {}
    }

    package struct GroupIdentifier: Codable, Equatable, Sendable {
        package var groupId: String
        package var groupName: String

        package init(groupId: String, groupName: String) {
            self.groupId = groupId
            self.groupName = groupName
        }
    }

    /// A volume as an instance has it.
    package struct BlockDevice: Codable, Sendable {
        package struct Volume: Codable, Sendable {
            package var volumeId: String
            package var status = "attached"
            package var attachTime: Date
            package var deleteOnTermination: Bool
        }

        package var deviceName: String
        package var ebs: Volume

        package init(deviceName: String, volumeId: String, attachTime: Date, deleteOnTermination: Bool) {
            self.deviceName = deviceName
            ebs = Volume(volumeId: volumeId, attachTime: attachTime, deleteOnTermination: deleteOnTermination)
        }
    }

    package struct InstanceProfile: Codable, Sendable {
        package var arn: String
        package var id: String

        package init(arn: String, id: String) {
            self.arn = arn
            self.id = id
        }
    }

    package struct CPUOptions: Codable, Sendable {
        package var coreCount: Int
        package var threadsPerCore: Int

        package init(coreCount: Int = 1, threadsPerCore: Int = 1) {
            self.coreCount = coreCount
            self.threadsPerCore = threadsPerCore
        }
    }

    package struct CapacityReservation: Codable, Sendable {
        package var capacityReservationPreference: String

        package init(capacityReservationPreference: String = "open") {
            self.capacityReservationPreference = capacityReservationPreference
        }
    }

    package struct HibernationOptions: Codable, Sendable {
        package var configured = false
    }

    package struct EnclaveOptions: Codable, Sendable {
        package var enabled = false
    }

    package struct MetadataOptions: Codable, Sendable {
        package var state = "applied"
        package var httpTokens = "required"
        package var httpPutResponseHopLimit = 64
        /// `disabled` where there is no metadata service.
        package var httpEndpoint: String
        package var httpProtocolIpv6 = "disabled"
        package var instanceMetadataTags: String

        package init(isServed: Bool) {
            httpEndpoint = isServed ? "enabled" : "disabled"
            instanceMetadataTags = httpEndpoint
        }
    }

    package struct PrivateDNSNameOptions: Codable, Sendable {
        /// `ip-name` or `resource-name`.
        package var hostnameType = "ip-name"
        package var enableResourceNameDnsARecord = false
        package var enableResourceNameDnsAAAARecord = false

        package init() {}
    }

    package struct MaintenanceOptions: Codable, Sendable {
        package var autoRecovery: String

        package init(autoRecovery: String = "default") { self.autoRecovery = autoRecovery }
    }

    package struct NetworkPerformance: Codable, Sendable {
        package var bandwidthWeighting = "default"
    }

    /// Whether a service runs it for its user, which none does.
    package struct Operator: Codable, Equatable, Sendable {
        package var managed = false
    }
}
