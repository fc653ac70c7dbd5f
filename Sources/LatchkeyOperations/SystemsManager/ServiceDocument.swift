// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySessionProtocol

/// A document that is there from the beginning, as the document operations tell of it. What it does, ``SessionDocuments`` and
/// ``RunShellScript`` say.
struct ServiceDocument: Sendable {
    struct Parameter: Sendable {
        let name: String
        /// `String` or `StringList`.
        var type = "String"
        let description: String
        /// Nil for one that has to be given.
        var fallback: String?
    }

    enum Kind: String, Sendable {
        case session = "Session"
        case command = "Command"
    }

    let name: String
    let kind: Kind
    let description: String
    var parameters: [Parameter] = []
    /// What the session is for, as the session's own type; nothing for a command.
    var sessionType: String?

    static let created = Date(timeIntervalSince1970: 0)

    var platformTypes: [String] { kind == .command ? ["Linux", "MacOS"] : ["Windows", "Linux", "MacOS"] }
    var schemaVersion: String { kind == .command ? "1.2" : "1.0" }

    /// - Parameter name: also as an ARN, `arn:aws:ssm:REGION::document/NAME`.
    /// - Throws: `InvalidDocument`, `InvalidDocumentVersion`.
    static func named(_ name: String, version: String?) throws(ServiceError) -> ServiceDocument {
        let plain = name.hasPrefix("arn:") ? name.split(separator: "/").last.map(String.init) ?? "" : name
        guard let document = all.first(where: { $0.name == plain }) else {
            throw ServiceError(
                code: "InvalidDocument",
                message: "Document with name \(name.cut(to: .quotation)) does not exist."
            )
        }
        guard ["1", "$DEFAULT", "$LATEST", nil].contains(version) else {
            throw ServiceError(
                code: "InvalidDocumentVersion",
                message: "Document version \((version ?? "").cut(to: .quotation)) does not exist."
            )
        }
        return document
    }

    private static let port = Parameter(name: "portNumber", description: "The port on the instance.", fallback: "80")
    private static let localPort = Parameter(
        name: "localPortNumber",
        description: "The port on the client's machine; 0 for any.",
        fallback: "0"
    )
    private static let socket = Parameter(
        name: "localUnixSocket",
        description: "The socket in the file system of the client's machine."
    )
    private static let command = Parameter(name: "command", description: "The command to run.")

    /// By name.
    static let all: [ServiceDocument] = [
        ServiceDocument(
            name: "AWS-PasswordReset",
            kind: .session,
            description: "Sets the password of a user of the instance.",
            parameters: [Parameter(name: "username", description: "The user.")],
            sessionType: "InteractiveCommands"
        ),
        ServiceDocument(
            name: RunShellScript.document,
            kind: .command,
            description: "Runs a script of a shell.",
            parameters: [
                Parameter(name: "commands", type: "StringList", description: "The lines of the script."),
                Parameter(name: "workingDirectory", description: "Where it runs.", fallback: ""),
                Parameter(name: "executionTimeout", description: "Seconds that it may take.", fallback: "3600"),
            ]
        ),
        ServiceDocument(
            name: "AWS-StartInteractiveCommand",
            kind: .session,
            description: "Runs a command in a terminal.",
            parameters: [command],
            sessionType: "InteractiveCommands"
        ),
        ServiceDocument(
            name: "AWS-StartNonInteractiveCommand",
            kind: .session,
            description: "Runs a command without a terminal.",
            parameters: [
                command,
                Parameter(
                    name: "separateOutputStream",
                    description: "Whether standard error is told apart, and the exit status told.",
                    fallback: "false"
                ),
                Parameter(name: "stdOutSeparatorPrefix", description: "What stands before output.", fallback: ""),
                Parameter(name: "stdErrSeparatorPrefix", description: "What stands before errors.", fallback: ""),
            ],
            sessionType: "NonInteractiveCommands"
        ),
        ServiceDocument(
            name: "AWS-StartPortForwardingSession",
            kind: .session,
            description: "Forwards a port, or a socket, of the client's machine to a port of the instance.",
            parameters: [
                port, localPort,
                Parameter(
                    name: "localConnectionType",
                    description: "`unix` for a socket on the client's machine.",
                    fallback: ""
                ),
                Parameter(name: socket.name, description: socket.description, fallback: ""),
            ],
            sessionType: "Port"
        ),
        ServiceDocument(
            name: "AWS-StartPortForwardingSessionToRemoteHost",
            kind: .session,
            description: "Forwards a port of the client's machine to a port that the instance reaches.",
            parameters: [Parameter(name: "host", description: "The host."), port, localPort],
            sessionType: "Port"
        ),
        ServiceDocument(
            name: "AWS-StartPortForwardingSessionToSocket",
            kind: .session,
            description: "Forwards a socket in the file system of the client's machine to a port of the instance.",
            parameters: [port, socket],
            sessionType: "Port"
        ),
        ServiceDocument(
            name: "AWS-StartSSHSession",
            kind: .session,
            description: "Joins a port of the instance to the client's standard streams.",
            parameters: [
                Parameter(name: "portNumber", description: "The port of the instance's sshd.", fallback: "22")
            ],
            sessionType: "Port"
        ),
        ServiceDocument(
            name: SessionDocuments.shell,
            kind: .session,
            description: "Opens a shell.",
            sessionType: "Standard_Stream"
        ),
    ]

    // MARK: Content

    private struct Content: Encodable {
        struct Parameter: Encodable {
            var type: String
            var description: String
            var `default`: String?
        }

        var schemaVersion: String
        var description: String
        var sessionType: String?
        var parameters: [String: Parameter]
        var runtimeConfig: [String: [String: [CommandDocument.Step]]]?
    }

    /// As JSON.
    func content() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let known = Dictionary(
            uniqueKeysWithValues: parameters.map { parameter in
                let shape = Content.Parameter(
                    type: parameter.type,
                    description: parameter.description,
                    default: parameter.fallback
                )
                return (parameter.name, shape)
            }
        )
        let content = Content(
            schemaVersion: schemaVersion,
            description: description,
            sessionType: sessionType,
            parameters: known,
            runtimeConfig: kind == .command
                ? [CommandDocument.plugin: ["properties": [CommandDocument.Step()]]] : nil
        )
        return String(decoding: try encoder.encode(content), as: UTF8.self)
    }
}
