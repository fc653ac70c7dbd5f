// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    /// Of what EC2's takes, this has what there is here or does no harm; the rest is refused by its name.
    package struct RunInstances: Request {
        package static let operation = "RunInstances"
        package typealias Response = Reservation

        package var imageId: String?
        package var instanceType: String?
        package var keyName: String?
        package var minCount: Int
        package var maxCount: Int
        /// In base64.
        package var userData: String?
        package var clientToken: String?
        package var tagSpecification: [TagSpecification]?
        // What may be said, since it is so anyway.
        package var instanceInitiatedShutdownBehavior: String?
        package var disableApiTermination: Bool?
        package var disableApiStop: Bool?
        package var hibernationOptions: Hibernation?
        package var enclaveOptions: Enclave?
        // Where it is to be.
        package var placement: WantedPlacement?
        package var subnetId: String?
        package var securityGroupId: [String]?
        package var securityGroup: [String]?
        package var networkInterface: [WantedInterface]?
        // What is told again.
        package var ebsOptimized: Bool?
        package var monitoring: WantedMonitoring?
        package var blockDeviceMapping: [WantedDevice]?
        package var metadataOptions: WantedMetadata?
        package var iamInstanceProfile: WantedProfile?
        package var privateDnsNameOptions: WantedNames?
        package var cpuOptions: WantedCPU?
        package var creditSpecification: Credit?
        package var capacityReservationSpecification: WantedCapacity?
        package var maintenanceOptions: Maintenance?
        package var dryRun: Bool?

        package init(imageId: String, minCount: Int, maxCount: Int) {
            self.imageId = imageId
            self.minCount = minCount
            self.maxCount = maxCount
        }
    }
}

/// The parts of a request to launch, in which anything may be missing.
extension EC2.RunInstances {
    package struct WantedMonitoring: Codable, Sendable {
        package var enabled: Bool?
    }

    package struct Hibernation: Codable, Sendable {
        package var configured: Bool?
    }

    package struct Enclave: Codable, Sendable {
        package var enabled: Bool?
    }

    package struct WantedPlacement: Codable, Sendable {
        package var availabilityZone: String?
        package var availabilityZoneId: String?
        package var groupName: String?
        package var tenancy: String?
    }

    package struct WantedInterface: Codable, Sendable {
        package var deviceIndex: Int?
        package var networkCardIndex: Int?
        package var subnetId: String?
        package var securityGroupId: [String]?
        package var description: String?
        package var associatePublicIpAddress: Bool?
        package var deleteOnTermination: Bool?
        package var interfaceType: String?
    }

    package struct WantedDevice: Codable, Sendable {
        package struct Volume: Codable, Sendable {
            package var volumeSize: Int?
            package var volumeType: String?
            package var iops: Int?
            package var throughput: Int?
            package var deleteOnTermination: Bool?
            package var encrypted: Bool?
        }

        package var deviceName: String?
        package var ebs: Volume?
    }

    package struct WantedMetadata: Codable, Sendable {
        package var httpTokens: String?
        package var httpPutResponseHopLimit: Int?
        package var httpEndpoint: String?
        package var httpProtocolIpv6: String?
        package var instanceMetadataTags: String?
    }

    package struct WantedProfile: Codable, Sendable {
        package var arn: String?
        package var name: String?
    }

    package struct WantedNames: Codable, Sendable {
        package var hostnameType: String?
        package var enableResourceNameDnsARecord: Bool?
        package var enableResourceNameDnsAAAARecord: Bool?
    }

    package struct WantedCPU: Codable, Sendable {
        package var coreCount: Int?
        package var threadsPerCore: Int?
    }

    package struct Credit: Codable, Sendable {
        package var cpuCredits: String?
    }

    package struct WantedCapacity: Codable, Sendable {
        package var capacityReservationPreference: String?
    }

    package struct Maintenance: Codable, Sendable {
        package var autoRecovery: String?
    }
}
