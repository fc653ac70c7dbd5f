// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The two files that the AWS tools share, `~/.aws/config` and `~/.aws/credentials`, put together as botocore does.
struct SharedFiles: Sendable {
    /// What a profile says of itself in each of the files, and in both.
    struct Profile: Equatable, Sendable {
        var config: Options?
        var credentials: Options?

        /// Both files; where they say different things, the credentials file counts.
        var merged: Options { (config ?? Options()).merging(credentials) }
    }

    /// The options of a section.
    struct Options: Equatable, Sendable {
        var values: [String: String] = [:]
        var nested: [String: [String: String]] = [:]

        /// One without a value counts as not there, as for botocore.
        subscript(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

        func merging(_ others: Options?) -> Options {
            guard let others else { return self }
            return Options(
                values: values.merging(others.values) { $1 },
                nested: nested.merging(others.nested) { $1 }
            )
        }
    }

    private(set) var profiles: [String: Profile] = [:]
    private(set) var sessions: [String: Options] = [:]
    private(set) var services: [String: Options] = [:]
    let configPath: String
    let credentialsPath: String

    /// Reads both; one that is not there is empty.
    ///
    /// - Throws: `configurationInvalid`, `fileUnusable`.
    init(configPath: String, credentialsPath: String) throws {
        self.configPath = configPath
        self.credentialsPath = credentialsPath
        // Sorted, so that `[profile default]` counts before `[default]`, as AWS has it.
        for (name, section) in try SharedFiles.read(configPath).sections.sorted(by: { $0.key < $1.key }) {
            let options = SharedFiles.options(section)
            if name == "default" {
                profiles[name, default: Profile()].config = options
            } else if name.hasPrefix("profile"), let word = SharedFiles.secondWord(name) {
                profiles[word, default: Profile()].config = options
            } else if name.hasPrefix("sso-session"), let word = SharedFiles.secondWord(name) {
                sessions[word] = options
            } else if name.hasPrefix("services"), let word = SharedFiles.secondWord(name) {
                services[word] = options
            }
        }
        for (name, section) in try SharedFiles.read(credentialsPath).sections {
            profiles[name, default: Profile()].credentials = SharedFiles.options(section)
        }
    }

    private static func read(_ path: String) throws -> INIFile {
        let content = try StateFile.read(path) ?? []
        guard let text = String(validatingRecoded: content) else {
            throw LatchkeyError(
                .configurationInvalid,
                "'\(path.terminalSafe)' cannot be used: it is not UTF-8",
                hint: "write it in UTF-8: iconv -f ISO-8859-1 -t UTF-8 FILE"
            )
        }
        do throws(INIFile.Fault) { return try INIFile(text) } catch {
            throw invalid(path, "line \(error.line): \(error.reason.terminalSafe)")
        }
    }

    private static func invalid(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "'\(path.terminalSafe)' cannot be used: \(why)",
            hint: "the aws CLI refuses it likewise; fix the line"
        )
    }

    private static func options(_ section: INIFile.Section) -> Options {
        var options = Options()
        for (name, value) in section {
            switch value {
            case .text(let text): options.values[name] = text
            case .nested(let values): options.nested[name] = values
            }
        }
        return options
    }

    /// `profile "my name"` is the profile `my name`.
    private static func secondWord(_ name: String) -> String? {
        guard let words = try? ShellWords.split(name), words.count == 2 else { return nil }
        return words[1]
    }
}
