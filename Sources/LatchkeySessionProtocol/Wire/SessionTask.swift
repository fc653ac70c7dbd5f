// SPDX-License-Identifier: Apache-2.0

/// What an agent is told to start: the content of the task `interactive_shell`, in the shape that the official agent
/// reads. Parameters are put in their places already; no `{{ name }}` is left for the agent to fill in.
package struct SessionTask: Codable, Sendable {
    package struct Document: Codable, Sendable {
        package var schemaVersion = "1.0"
        package var description = ""
        package var sessionType: String
        package var inputs = Inputs()
        package var parameters: [String: String] = [:]
        package var properties: Properties
    }

    package struct Inputs: Codable, Sendable {
        package struct Profile: Codable, Sendable {
            package var linux = ""
            package var windows = ""
        }

        package var s3BucketName = ""
        package var s3KeyPrefix = ""
        package var s3EncryptionEnabled = false
        package var cloudWatchLogGroupName = ""
        package var cloudWatchStreamingEnabled = false
        package var cloudWatchEncryptionEnabled = false
        package var kmsKeyId = ""
        package var runAsEnabled = false
        package var runAsDefaultUser = ""
        package var shellProfile = Profile()
    }

    /// What a shell or command is to be; the same for every kind of system.
    package struct Command: Codable, Sendable {
        package var commands = ""
        package var runAsElevated = false
        package var separateOutputStream = "false"
        package var stdOutSeparatorPrefix = ""
        package var stdErrSeparatorPrefix = ""

        package init() {}
    }

    /// Latchkey's own: what its client knows of the shell that it wants.
    package struct Start: Codable, Equatable, Sendable {
        /// A line for the login user's shell; nil for a login shell.
        package var command: String?
        /// The terminal's type; nil for none.
        package var terminal: String?
        package var columns: Int?
        package var rows: Int?
        /// `NAME=VALUE`, of those that an agent takes.
        package var environment: [String] = []

        package init() {}
    }

    package struct Properties: Codable, Sendable {
        package var linux: Command?
        package var windows: Command?
        package var macos: Command?
        package var portNumber: String?
        package var localPortNumber: String?
        package var type: String?
        package var host: String?
        package var localConnectionType: String?
        package var localUnixSocket: String?
        package var latchkey: Start?

        package init() {}

        /// What the client is told of a session of ports.
        package var forClient: SessionProperties {
            var properties = SessionProperties()
            properties.portNumber = portNumber
            properties.localPortNumber = localPortNumber
            properties.type = type
            properties.host = host
            properties.localConnectionType = localConnectionType
            properties.localUnixSocket = localUnixSocket
            return properties
        }
    }

    package var documentName: String
    package var sessionID: String
    package var runAsUser: String
    package var sessionOwner: String
    package var parameters: [String: String] = [:]
    package var document: Document

    private enum CodingKeys: String, CodingKey {
        case documentName = "DocumentName"
        case sessionID = "SessionId"
        case runAsUser = "RunAsUser"
        case sessionOwner = "SessionOwner"
        case parameters = "Parameters"
        case document = "DocumentContent"
    }

    package init(
        documentName: String,
        sessionID: String,
        owner: String,
        user: String?,
        type: SessionType,
        properties: Properties
    ) {
        self.documentName = documentName
        self.sessionID = sessionID
        runAsUser = user ?? ""
        sessionOwner = owner
        document = Document(sessionType: type.rawValue, properties: properties)
        document.inputs.runAsEnabled = user != nil
        document.inputs.runAsDefaultUser = user ?? ""
    }
}
