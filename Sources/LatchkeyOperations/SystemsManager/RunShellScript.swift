// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySessionProtocol

/// What a command that runs a script asks for.
struct RunShellScript: Equatable {
    static let document = "AWS-RunShellScript"
    /// Bytes of all lines: a task has to fit into a message to an agent.
    static let scriptLimit = 96 * 1024
    /// Seconds that a script may take: as many as Systems Manager lets it, two days.
    private static let timeouts = 1...172_800

    let parameters: CommandTask.Parameters

    /// Seconds.
    var timeout: Int { Int(parameters.executionTimeout) ?? RunShellScript.timeouts.upperBound }

    /// - Throws: `InvalidDocument`, `InvalidParameters`.
    init(_ document: String, _ parameters: [String: [String]]) throws(ServiceError) {
        let known = try ServiceDocument.named(document, version: nil)
        guard known.kind == .command else {
            throw ServiceError(
                code: "InvalidDocument",
                message: "\(known.name) is a document for sessions: ssm:StartSession takes it"
            )
        }
        let names = Set(known.parameters.map(\.name))
        if let stray = parameters.keys.sorted().first(where: { !names.contains($0) }) {
            throw RunShellScript.invalid("the document has no parameter '\(stray.cut(to: .quotation))'")
        }
        let lines = parameters["commands"] ?? []
        guard !lines.isEmpty else { throw RunShellScript.invalid("the parameter 'commands' is missing") }
        guard lines.reduce(0, { $0 + $1.utf8.count + 1 }) <= RunShellScript.scriptLimit else {
            throw RunShellScript.invalid("'commands' is longer than \(RunShellScript.scriptLimit) bytes")
        }
        let folder = try RunShellScript.single("workingDirectory", parameters) ?? ""
        let timeout = try RunShellScript.single("executionTimeout", parameters) ?? "3600"
        guard (lines + [folder]).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw RunShellScript.invalid("a parameter has a zero in it")
        }
        guard folder.isEmpty || (folder.hasPrefix("/") && folder.utf8.count <= 4096) else {
            throw RunShellScript.invalid("'workingDirectory' is not the path of a folder")
        }
        guard let seconds = Int(timeout), RunShellScript.timeouts.contains(seconds) else {
            throw RunShellScript.invalid(
                "'executionTimeout' must be 1 to \(RunShellScript.timeouts.upperBound) seconds"
            )
        }
        self.parameters = CommandTask.Parameters(
            commands: lines,
            workingDirectory: folder,
            executionTimeout: String(seconds)
        )
    }

    private static func single(_ name: String, _ parameters: [String: [String]]) throws(ServiceError) -> String? {
        guard let values = parameters[name] else { return nil }
        guard values.count == 1 else { throw invalid("'\(name)' has one value") }
        return values[0]
    }

    private static func invalid(_ message: String) -> ServiceError {
        ServiceError(code: "InvalidParameters", message: message)
    }
}
