// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A script that is to be run on instances, as Systems Manager's SendCommand has it.
package struct CommandRecord: Equatable, Sendable {
    package typealias ID = String

    package let id: ID
    package let documentName: String
    package let comment: String?
    package let parameters: [String: [String]]
    /// As they were named; the invocations say which ones these were.
    package let instanceIDs: [Instance.ID]
    package let targets: [CommandTarget]
    package let requested: Date
    /// Seconds within which an instance's agent has to take it.
    package let deliveryTimeout: Int
    /// A number, or a part of all with a percent sign: how many run it at once, and how many may fail before others begin.
    package let maxConcurrency: String
    package let maxErrors: String
    /// Who sent it, as an ARN.
    package let owner: String

    package init(
        id: ID,
        documentName: String,
        comment: String?,
        parameters: [String: [String]],
        instanceIDs: [Instance.ID],
        targets: [CommandTarget],
        requested: Date,
        deliveryTimeout: Int,
        maxConcurrency: String,
        maxErrors: String,
        owner: String
    ) {
        self.id = id
        self.documentName = documentName
        self.comment = comment
        self.parameters = parameters
        self.instanceIDs = instanceIDs
        self.targets = targets
        self.requested = requested
        self.deliveryTimeout = deliveryTimeout
        self.maxConcurrency = maxConcurrency
        self.maxErrors = maxErrors
        self.owner = owner
    }

    package var expires: Date { requested.addingTimeInterval(Double(deliveryTimeout)) }
}
