// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// `config.json`. A file that is not there is fine, a malformed one is an error.
struct Configuration: Codable {
    /// More folders to look for private keys in; `~/` stands for the home folder.
    var keyDirectories: [String]?

    /// The settings that there are; a misspelt one would be left out in silence.
    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let unknown = names.sorted().first(where: { CodingKeys(stringValue: $0) == nil }) {
            throw Fault(message: "'\(unknown)' is not a setting")
        }
        keyDirectories = try container.decodeIfPresent([String].self, forKey: .keyDirectories)
    }

    private struct Fault: Error {
        let message: String
    }

    /// The folders, `~` replaced.
    ///
    /// - Throws: `configurationInvalid` for one that would depend on where the program is started.
    func keyFolders() throws -> [String] {
        try (keyDirectories ?? [])
            .map { path in
                if path.hasPrefix("/") { return path }
                let end = path.firstIndex(of: "/") ?? path.endIndex
                guard path.hasPrefix("~") else { throw unusable(path, "begins neither with / nor with ~") }
                let user = String(path[..<end].dropFirst())
                guard !user.isEmpty else { return Environment.home + path[end...] }
                guard let home = Environment.home(of: user) else {
                    throw unusable(path, "names a user that does not exist")
                }
                return home + path[end...]
            }
    }

    private func unusable(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "the key folder '\(path.terminalSafe)' of the configuration \(why)",
            hint: "write it from the root on, or as ~/FOLDER"
        )
    }

    static func load(_ path: String) throws -> Configuration {
        if let slash = path.lastIndex(of: "/") { try StateFile.checkFolder(String(path[..<slash])) }
        guard let bytes = try StateFile.readOwn(path) else { return Configuration() }
        do {
            return try JSONDecoder().decode(Configuration.self, from: Data(bytes))
        } catch let DecodingError.typeMismatch(_, context) {
            throw invalid(
                path,
                "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of the wrong type"
            )
        } catch let fault as Fault {
            throw invalid(path, fault.message)
        } catch {
            throw invalid(path, "it is not JSON")
        }
    }

    private static func invalid(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "the configuration '\(path.terminalSafe)' cannot be used: \(why.terminalSafe)",
            hint: "fix it or move it away; {\"keyDirectories\": [\"~/keys\"]} is all that it can say"
        )
    }
}
