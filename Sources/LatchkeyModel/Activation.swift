// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A permission to register machines as instances. A client with its id and its code may use it; the code is not part of
/// this value.
package struct Activation: Codable, Equatable, Identifiable, Sendable {
    /// A UUID in lower-case text.
    package let id: String
    package let description: String?
    /// The name for the first instance that registers.
    package let defaultInstanceName: String?
    package let iamRole: String?
    /// How many instances may register in all.
    package let registrationLimit: Int
    /// How many have registered so far. One that is removed later still counts.
    package let registrationsCount: Int
    package let expiration: Date
    package let created: Date
    /// What each instance is tagged with when it registers.
    package let tags: Tags
    /// The launched instance that the one machine which registers with it is; nil for machines that become instances of
    /// their own.
    package let instanceID: Instance.ID?

    package init(
        id: String = UUID().uuidString.lowercased(),
        description: String? = nil,
        defaultInstanceName: String? = nil,
        iamRole: String? = nil,
        registrationLimit: Int = 1,
        registrationsCount: Int = 0,
        expiration: Date,
        created: Date,
        tags: Tags = [:],
        instanceID: Instance.ID? = nil
    ) {
        self.id = id
        self.description = description
        self.defaultInstanceName = defaultInstanceName
        self.iamRole = iamRole
        self.registrationLimit = registrationLimit
        self.registrationsCount = registrationsCount
        self.expiration = expiration
        self.created = created
        self.tags = tags
        self.instanceID = instanceID
    }

    /// Whether it can no longer be used at `date`; the moment of its expiration is the first such one.
    package func isExpired(at date: Date) -> Bool { date >= expiration }
}
