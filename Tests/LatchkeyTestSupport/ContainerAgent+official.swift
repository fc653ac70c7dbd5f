// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Amazon's own agent, where it is on the PATH.
extension ContainerAgent {
    private static let programs = [
        "amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-logger", "ssm-session-worker",
    ]

    /// The folder that has all of its programs; nil if none on the PATH has.
    package static let officialFolder: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init)
            .first { folder in
                programs.allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
            }
    }()

    /// Where the programs are in the container. They look for each other in their own folder.
    private static let folder = "/opt/amazon-ssm"

    /// Where the programs are, here and in the container.
    static func officialPrograms() throws -> [(String, String)] {
        guard let officialFolder else { throw HarnessError("the official agent is not on the PATH") }
        return programs.map { ("\(officialFolder)/\($0)", "\(folder)/\($0)") }
    }

    func startOfficial(_ endpoint: String, _ activationID: String, _ code: String) throws {
        let service = ["Endpoint": endpoint]
        let configuration: [String: Any] = [
            "Agent": ["Region": "local", "SelfUpdate": false, "TelemetryMetricsToSSM": false],
            "Identity": ["ConsumptionOrder": ["OnPrem"]],
            "Mgs": ["Region": "local", "Endpoint": endpoint],
            "Ssm": service, "Mds": service, "Kms": service, "S3": service,
        ]
        let content = String(decoding: try JSONSerialization.data(withJSONObject: configuration), as: UTF8.self)
        try shell(
            "mkdir -p /etc/amazon/ssm; cat >/etc/amazon/ssm/amazon-ssm-agent.json <<'END'\n\(content)\nEND\n"
        )
        let trust = "SSL_CERT_FILE=\(ContainerAgent.authority)"
        let program = "\(ContainerAgent.folder)/amazon-ssm-agent"
        try Execution.require([
            "docker", "exec", "--env", trust, id, program, "-register", "-y", "-region", "local", "-id", activationID,
            "-code", code,
        ])
        try run(program, environment: [trust])
    }
}
