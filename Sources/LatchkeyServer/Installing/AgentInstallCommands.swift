// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeySQLite

/// What is typed at a machine to make an instance of it, with an activation.
package struct AgentInstallCommands: Sendable {
    /// Where the machine reaches the server.
    package let endpoint: String
    private let authorities: [UInt8]?
    private let activation: Activation.ID
    private let code: String

    /// - Parameter authorities: the content of `ca.pem`; nil where there is no TLS.
    package init(endpoint: String, authorities: [UInt8]?, activation: Activation.ID, code: String) {
        self.endpoint = endpoint
        self.authorities = authorities
        self.activation = activation
        self.code = code
    }

    /// For a machine that has the agent, and `ca.pem` in the folder at hand.
    package var registration: String {
        "latchkey-agent register --endpoint \(endpoint)\(authorities == nil ? "" : " --ca ca.pem")"
            + " --activation-id \(activation) --activation-code \(code)"
    }

    /// One line that installs the agent first. Nothing that it fetches is used before it was verified: the authority's
    /// certificate by its digest, which is in this line, and all else by that certificate.
    ///
    /// - Returns: nil where there is no TLS.
    package var installation: String? {
        guard let authorities else { return nil }
        let digest = Hex.encode(Digest.sha256(authorities))
        return [
            "cd \"$(mktemp -d)\"", "curl -fsSko ca.pem \(endpoint)\(AgentInstallation.authoritiesURLPath)",
            "echo '\(digest)  ca.pem' | sha256sum -c",
            "curl -fsS --cacert ca.pem -o install \(endpoint)\(AgentInstallation.scriptURLPath)",
            "sh install \(endpoint) \(activation) \(code)",
        ]
        .joined(separator: " && ")
    }
}
