// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
package import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySystem

/// The profile by which the AWS tools find a latchkeyd and sign as its user.
package struct AWSProfile: Sendable {
    private let name: String
    private let settings: [(key: String, value: String)]
    private let keys: [(key: String, value: String)]

    /// - Parameters:
    ///   - endpoint: where its clients reach it.
    ///   - authorities: the file of certificates to trust.
    package init(name: String, endpoint: String, authorities: String, server: LocalServer) {
        self.name = name
        settings = [("region", server.region), ("endpoint_url", endpoint), ("ca_bundle", authorities)]
        keys = [
            ("aws_access_key_id", server.accessKeyID), ("aws_secret_access_key", server.secretAccessKey),
        ]
    }

    private var section: String { "profile \(name)" }

    /// Both parts, to paste.
    package var text: String {
        func lines(_ values: [(key: String, value: String)]) -> String {
            values.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
        }
        return """
            # for ~/.aws/config
            [\(section)]
            \(lines(settings))

            # for ~/.aws/credentials
            [\(name)]
            \(lines(keys))
            """
    }

    /// Writes both parts into files of the AWS tools, each whole or not at all, for their owner alone. What else is in them
    /// stays as it is, and of a file that is changed a copy is kept.
    ///
    /// - Returns: what was done, a line for each file.
    /// - Throws: `fileUnusable`, `storageFull`.
    package func write(to files: AWSFiles) throws -> [String] {
        [
            try AWSProfile.merge(settings, section, into: files.config),
            try AWSProfile.merge(keys, name, into: files.credentials),
        ]
    }

    private static func merge(
        _ values: [(key: String, value: String)],
        _ section: String,
        into path: String
    ) throws -> String {
        // A link, as those have who keep such files elsewhere, goes on leading there.
        let place = realpath(path, nil)
        defer { free(place) }
        let target = place.map { String(cString: $0) } ?? path
        let shown = "'\(path.terminalSafe)'"
        guard let old = try StateFile.read(target) else {
            if let slash = target.lastIndex(of: "/"), slash > target.startIndex {
                try StateFile.makeFolder(String(target[..<slash]))
            }
            try StateFile.write(target, INIEdit.set(values, in: section, of: []))
            return "the profile was written to \(shown)"
        }
        let new = INIEdit.set(values, in: section, of: old)
        guard new != old else { return "the profile is in \(shown) already" }
        let copy = try keep(old, beside: target)
        try StateFile.write(target, new)
        return "the profile was written to \(shown); as it was before: '\(copy.terminalSafe)'"
    }

    /// - Returns: the path of the copy.
    private static func keep(_ content: [UInt8], beside path: String) throws -> String {
        let day = Date().formatted(.iso8601.year().month().day())
        for number in 0..<1000 {
            let copy = "\(path).\(day)\(number == 0 ? "" : "-\(number)").bak"
            let error = content.withUnsafeBytes { StateFile.place(copy, $0, replacing: false) }
            if error == 0 { return copy }
            guard error == EEXIST else {
                throw LatchkeyError(
                    error == ENOSPC ? .storageFull : .fileUnusable,
                    "'\(copy.terminalSafe)' cannot be written: \(SystemError(error).message)",
                    hint: "nothing was changed"
                )
            }
        }
        throw LatchkeyError(
            .fileUnusable,
            "there are a thousand copies of '\(path.terminalSafe)' already",
            hint: "remove some; nothing was changed"
        )
    }
}
