// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// Keeps temporary credentials for the next run, so that a role is not assumed, nor a code asked for, each time: a file
/// for each in the cache folder, the owner's alone. What is lasting is never written.
struct CredentialCache: Sendable {
    /// Less than so many seconds before the end they are got anew.
    static let margin: TimeInterval = 300

    let folder: String

    private struct Entry: Codable {
        var accessKeyID: String
        var secretAccessKey: String
        var sessionToken: String?
        var expiration: Date
        var method: String
    }

    private func path(_ key: [String]) -> String {
        // The lengths keep the parts apart.
        let text = key.map { "\($0.utf8.count):\($0)" }.joined()
        return "\(folder)/credentials-\(Hex.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16)))).json"
    }

    /// What is kept for a key, or else what `make` gets, which is kept then.
    ///
    /// - Parameter key: all that the credentials depend on.
    func credentials(
        _ key: [String],
        _ make: () throws -> ExpiringCredentials
    ) throws -> ExpiringCredentials {
        let path = path(key)
        // One that cannot be read is written anew.
        if let content = try? StateFile.read(path),
            let entry = try? JSONDecoder().decode(Entry.self, from: Data(content))
        {
            let kept = ExpiringCredentials(
                Credentials(
                    accessKeyID: entry.accessKeyID,
                    secretAccessKey: entry.secretAccessKey,
                    sessionToken: entry.sessionToken
                ),
                expiration: entry.expiration,
                method: entry.method
            )
            if kept.isGood(for: CredentialCache.margin) { return kept }
        }
        let fresh = try make()
        guard let expiration = fresh.expiration else { return fresh }
        let entry = Entry(
            accessKeyID: fresh.credentials.accessKeyID,
            secretAccessKey: fresh.credentials.secretAccessKey,
            sessionToken: fresh.credentials.sessionToken,
            expiration: expiration,
            method: fresh.method
        )
        // A cache that cannot be written costs time and nothing else.
        try? StateFile.makeFolder(folder)
        try? StateFile.write(path, Array(JSONEncoder().encode(entry)))
        return fresh
    }
}
