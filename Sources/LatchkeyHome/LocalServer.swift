// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import LatchkeyAPI
package import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport

/// How programs of the same home find their latchkeyd and sign what they ask: the content of `latchkeyd.json`.
package struct LocalServer: Codable, Sendable {
    /// For example `https://127.0.0.1:8443`.
    package var endpoint: String
    package var region: String
    /// A file of PEM certificates; nil where there is no TLS.
    package var authorities: String?
    package var accessKeyID: String
    package var secretAccessKey: String
    /// The name or address that clients elsewhere know it by; nil for none.
    package var name: String?

    package init(
        endpoint: String,
        region: String,
        authorities: String?,
        accessKeyID: String,
        secretAccessKey: String
    ) {
        self.endpoint = endpoint
        self.region = region
        self.authorities = authorities
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
    }

    /// The one that a latchkeyd listens on if it is told none.
    package static let port = 8443

    /// The port in the endpoint.
    package var port: Int? { endpoint.lastIndex(of: ":").flatMap { Int(endpoint[endpoint.index(after: $0)...]) } }

    /// - Returns: nil if no latchkeyd has ever served this home.
    /// - Throws: `configurationInvalid`, `fileUnusable`.
    package static func read(_ folders: StateFolders) throws -> LocalServer? {
        try StateFile.checkFolder(folders.data)
        guard let content = try StateFile.readOwn(folders.serverPath) else { return nil }
        do { return try JSONDecoder().decode(LocalServer.self, from: Data(content)) } catch {
            throw LatchkeyError(
                .configurationInvalid,
                "'\(folders.serverPath.terminalSafe)' is damaged",
                hint: "remove it and start latchkeyd again, which writes it anew"
            )
        }
    }

    /// How it is asked, with this home's own access key.
    ///
    /// - Throws: `configurationInvalid` where the endpoint is none.
    package func serviceEndpoint(_ folders: StateFolders) throws(LatchkeyError) -> ServiceEndpoint {
        let address: ServerAddress
        do { address = try ServerAddress(endpoint: endpoint) } catch {
            throw LatchkeyError(.configurationInvalid, "the endpoint in '\(folders.serverPath)' \(error.message)")
        }
        return ServiceEndpoint(
            address: address,
            trust: Trust(authorities: authorities),
            region: region,
            credentials: Credentials(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey)
        )
    }

    package func write(_ folders: StateFolders) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let content = Array(try encoder.encode(self)) + [0x0A]
        // One that says this already is left alone: a full disk must not keep a server from coming back.
        guard (try? StateFile.read(folders.serverPath)) != content else { return }
        try StateFile.write(folders.serverPath, content)
    }
}
