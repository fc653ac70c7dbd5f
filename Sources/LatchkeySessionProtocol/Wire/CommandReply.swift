// SPDX-License-Identifier: Apache-2.0

/// What an agent says of a command, as far as it is read.
package struct CommandReply: Codable, Sendable {
    package enum Status: String, Codable, Sendable {
        case inProgress = "InProgress"
        case success = "Success"
        case failed = "Failed"
        case timedOut = "TimedOut"
        case cancelled = "Cancelled"
    }

    package struct Step: Codable, Sendable {
        package var status: String
        /// The script's exit status.
        package var code: Int
        package var name = CommandDocument.plugin
        /// Both streams as one.
        package var output: String
        /// ISO 8601.
        package var startDateTime: String
        package var endDateTime: String
        package var standardOutput: String?
        package var standardError: String?

        package init(
            status: Status,
            code: Int,
            standardOutput: String,
            standardError: String,
            started: String,
            ended: String
        ) {
            self.status = status.rawValue
            self.code = code
            self.standardOutput = standardOutput
            self.standardError = standardError
            output = ""
            startDateTime = started
            endDateTime = ended
        }
    }

    package var documentStatus: String
    /// Why the document as a whole failed.
    package var documentTraceOutput: String?
    /// By plugin.
    package var runtimeStatus: [String: Step]?

    /// The same, with as much of what the script has said as makes no more than so many bytes of JSON.
    package func cut(to limit: Int) -> CommandReply {
        var reply = self
        while Payload.encode(reply).count > limit, var step = reply.runtimeStatus?[CommandDocument.plugin] {
            let (output, error) = (step.standardOutput ?? "", step.standardError ?? "")
            guard !output.isEmpty || !error.isEmpty else { break }
            // By scalars: a character may have any number of them.
            if output.utf8.count >= error.utf8.count {
                step.standardOutput = String(output.unicodeScalars.prefix(output.unicodeScalars.count / 2))
            } else {
                step.standardError = String(error.unicodeScalars.prefix(error.unicodeScalars.count / 2))
            }
            reply.runtimeStatus?[CommandDocument.plugin] = step
        }
        return reply
    }

    package init(status: Status, step: Step? = nil) {
        documentStatus = status.rawValue
        documentTraceOutput = ""
        runtimeStatus = step.map { [CommandDocument.plugin: $0] }
    }
}
