// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    package struct DescribeInstanceAttribute: Request {
        package static let operation = "DescribeInstanceAttribute"

        package var instanceId: String
        /// For example `instanceType`.
        package var attribute: String
        package var dryRun: Bool?

        /// With the one attribute that was asked for.
        package struct Response: Codable, Sendable {
            package struct Text: Codable, Sendable {
                package var value: String?

                package init(_ value: String?) { self.value = value }
            }

            package struct Flag: Codable, Sendable {
                package var value: Bool

                package init(_ value: Bool) { self.value = value }
            }

            package var instanceId: String
            package var blockDeviceMapping: [BlockDevice]?
            package var disableApiStop: Flag?
            package var disableApiTermination: Flag?
            package var ebsOptimized: Flag?
            package var enaSupport: Flag?
            package var enclaveOptions: EnclaveOptions?
            package var groupSet: [GroupIdentifier]?
            package var instanceInitiatedShutdownBehavior: Text?
            package var instanceType: Text?
            package var kernel: Text?
            package var productCodes: [String]?
            package var ramdisk: Text?
            package var rootDeviceName: Text?
            package var sourceDestCheck: Flag?
            package var sriovNetSupport: Text?
            /// In base64.
            package var userData: Text?

            package init(instanceId: String) { self.instanceId = instanceId }
        }
    }

    package struct DescribeAccountAttributes: Request {
        package static let operation = "DescribeAccountAttributes"

        package var attributeName: [String]?
        package var dryRun: Bool?

        package struct Response: Codable, Sendable {
            package var accountAttributeSet: [AccountAttribute]

            package init(accountAttributeSet: [AccountAttribute]) { self.accountAttributeSet = accountAttributeSet }
        }
    }

    package struct AccountAttribute: Codable, Sendable {
        package struct Value: Codable, Sendable {
            package var attributeValue: String
        }

        package var attributeName: String
        package var attributeValueSet: [Value]

        package init(_ name: String, _ value: String) {
            attributeName = name
            attributeValueSet = [Value(attributeValue: value)]
        }
    }
}
