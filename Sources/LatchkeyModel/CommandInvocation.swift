// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

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
