// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct DescribeInstanceInformation: ServiceRequest {
    package static let operation = "DescribeInstanceInformation"
    package static let isIdempotent = true

    package struct Filter: Codable, Sendable {
        /// `Filters` says `Key` and `Values`, the older `InstanceInformationFilterList` says `key` and `valueSet`.
        package var key: String?
        package var values: [String]?
        package var valueSet: [String]?

        package init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    package var filters: [Filter]?
    package var instanceInformationFilterList: [Filter]?
    package var maxResults: Int?
    package var nextToken: String?

    package init() {}

    package struct Information: Codable, ListedRecord {
        package var instanceId: String
        /// `Online` or `ConnectionLost`.
        package var pingStatus: String
        package var lastPingDateTime: Date?
        package var agentVersion: String?
        package var isLatestVersion: Bool? = true
        package var platformType: String?
        package var platformName: String?
        package var platformVersion: String?
        package var activationId: String?
        package var registrationDate: Date?
        package var resourceType: String? = "ManagedInstance"
        package var name: String?
        package var iPAddress: String?
        package var computerName: String?

        package var texts: [String?] {
            [
                instanceId, pingStatus, agentVersion, platformType, platformName, platformVersion, activationId,
                resourceType,
                name, iPAddress, computerName,
            ]
        }

        package init(instanceId: String, pingStatus: String) {
            self.instanceId = instanceId
            self.pingStatus = pingStatus
        }
    }

    package struct Response: Codable, Sendable {
        package var instanceInformationList: RecordList<Information>
        package var nextToken: String?

        package init(instanceInformationList: [Information], nextToken: String?) {
            self.instanceInformationList = RecordList(instanceInformationList)
            self.nextToken = nextToken
        }
    }
}
