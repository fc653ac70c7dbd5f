// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySystem

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

    package func write(_ folders: StateFolders) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let content = Array(try encoder.encode(self)) + [0x0A]
        // One that says this already is left alone: a full disk must not keep a server from coming back.
        guard (try? StateFile.read(folders.serverPath)) != content else { return }
        try StateFile.write(folders.serverPath, content)
    }
}
