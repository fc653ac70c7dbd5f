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

/// A word of SendCommand's for several instances: `tag:KEY` or `InstanceIds`, and values of which one is to fit.
package struct CommandTarget: Codable, Equatable, Sendable {
    package let key: String
    package let values: [String]

    package init(key: String, values: [String]) {
        self.key = key
        self.values = values
    }
}

/// A command on one instance.
package struct CommandInvocation: Equatable, Sendable {
    package enum Status: String, Sendable {
        /// Its agent has not been told yet.
        case pending
        /// It was told, and has not said anything.
        case sent
        case inProgress, cancelling
        case success, failed, timedOut, cancelled
        /// Its agent did not come in time.
        case undelivered
        /// Too many others had failed before its turn.
        case terminated

        package var isEnd: Bool {
            switch self {
            case .pending, .sent, .inProgress, .cancelling: false
            case .success, .failed, .timedOut, .cancelled, .undelivered, .terminated: true
            }
        }

        /// Whether it counts as an error of the command.
        package var isError: Bool { isEnd && self != .success }
    }

    package let commandID: CommandRecord.ID
    package let instanceID: Instance.ID
    package var status: Status
    /// The script's exit status.
    package var code: Int?
    package var output: String
    package var error: String
    package var started: Date?
    package var ended: Date?

    package init(
        commandID: CommandRecord.ID,
        instanceID: Instance.ID,
        status: Status,
        code: Int? = nil,
        output: String = "",
        error: String = "",
        started: Date? = nil,
        ended: Date? = nil
    ) {
        self.commandID = commandID
        self.instanceID = instanceID
        self.status = status
        self.code = code
        self.output = output
        self.error = error
        self.started = started
        self.ended = ended
    }
}
