// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeySystem

/// A program that prints credentials (`credential_process`). It is started without a shell, from words as botocore
/// splits them; its input is empty, since this process's own may be meant for the instance.
struct CredentialProcess {
    let command: String
    let profileName: String
    /// Milliseconds that it may take; it may ask a person something at the terminal.
    var timeout: Int64 = 300_000

    private struct Answer: Decodable {
        let version: Int
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String?
        let expiration: String?

        private enum CodingKeys: String, CodingKey {
            case version = "Version"
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case expiration = "Expiration"
        }
    }

    private struct Version: Decodable {
        let version: Int?

        private enum CodingKeys: String, CodingKey {
            case version = "Version"
        }
    }

    /// - Throws: `credentialsUnavailable` if it cannot be started, fails, or prints something else.
    func run() throws -> ExpiringCredentials {
        let words: [String]
        do { words = try ShellWords.split(command) } catch { throw failure("\(error)") }
        guard let program = words.first else { throw failure("is empty") }
        var output = Secret(capacity: 64 * 1024)
        let (status, said) = try start(program, words, &output)
        guard status == 0 else {
            let line = said.split(whereSeparator: \.isNewline).last.map { ": \(String($0).terminalSafe)" } ?? ""
            throw failure("ended with status \(status)\(line)")
        }
        return try output.withBytes { bytes in
            let data = Data(bytes)
            guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
                throw failure("did not print JSON")
            }
            guard version.version == 1 else {
                throw failure("printed credentials of version \(version.version.map(String.init) ?? "unknown"), not 1")
            }
            let answer: Answer
            do { answer = try JSONDecoder().decode(Answer.self, from: data) } catch {
                throw failure("did not print an AccessKeyId and a SecretAccessKey")
            }
            let expiration = try answer.expiration.map { text in
                guard let date = ExpiringCredentials.date(text) else {
                    throw failure("printed an Expiration that is no date")
                }
                return date
            }
            let found = ExpiringCredentials(
                Credentials(
                    accessKeyID: answer.accessKeyID,
                    secretAccessKey: answer.secretAccessKey,
                    sessionToken: answer.sessionToken
                ),
                expiration: expiration,
                method: "custom-process"
            )
            guard found.isGood(for: 0) else { throw failure("printed credentials that have expired") }
            return found
        }
    }

    /// The words after the first one may be secret.
    private func failure(_ what: String) -> LatchkeyError {
        let program = try? ShellWords.split(command).first
        return LatchkeyError(
            .credentialsUnavailable,
            "the credential_process of the profile '\(profileName.terminalSafe)' \(what)",
            hint: program.map { "its program is '\($0.terminalSafe)'" }
        )
    }

    /// - Returns: its status, and what it said on its standard error.
    private func start(
        _ program: String,
        _ words: [String],
        _ output: inout Secret
    ) throws -> (status: Int32, error: String) {
        var helper: HelperProcess
        do { helper = try HelperProcess(program, words) } catch { throw failure("cannot be started: \(error.message)") }
        switch helper.collect(&output, timeout: timeout) {
        case .ended(let status, let error): return (status, error)
        case .tooMuch: throw failure("printed more than credentials have")
        case .tooLate: throw failure("took more than \(max(1, timeout / 60_000)) minutes")
        }
    }
}
