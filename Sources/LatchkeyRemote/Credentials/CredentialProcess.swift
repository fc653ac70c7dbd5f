// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyModel

/// A program that prints credentials (`credential_process`). It is started without a shell, from words as botocore
/// splits them; its input is empty, since this process's own may be meant for the instance.
struct CredentialProcess {
    /// Milliseconds that it may take; it may ask a person something at the terminal.
    private static let patience: Int64 = 300_000
    private static let errorLimit = 4096

    let command: String
    let profileName: String

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
        var (outputs, errors): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        defer { for end in outputs + errors where end >= 0 { close(end) } }
        guard pipe(&outputs) == 0, pipe(&errors) == 0 else {
            throw failure("cannot be started: \(String(cString: strerror(errno)).lowercased())")
        }
        for end in outputs + errors { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputs[1], 1)
        posix_spawn_file_actions_adddup2(&actions, errors[1], 2)
        // A program that others write into must meet the default of SIGPIPE, which this process ignores.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let number = posix_spawnp(&child, program, &actions, &attributes, &arguments, environ)
        guard number == 0 else {
            throw failure("cannot be started: \(String(cString: strerror(number)).lowercased())")
        }
        for end in [outputs[1], errors[1]] { close(end) }
        (outputs[1], errors[1]) = (-1, -1)
        let (error, isInTime) = collect(outputs[0], errors[0], &output)
        if !isInTime { kill(child, SIGTERM) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard isInTime else { throw failure("printed more than credentials have, or took more than 5 minutes") }
        // WIFEXITED and WEXITSTATUS of <sys/wait.h>, which are macros.
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F), error)
    }

    /// Reads both outputs to their ends.
    ///
    /// - Returns: the beginning of what stood on the second one; false if it took too long or was too much.
    private func collect(
        _ outputEnd: Int32,
        _ errorEnd: Int32,
        _ output: inout Secret
    ) -> (error: String, isInTime: Bool) {
        let deadline = SystemClock.milliseconds() + CredentialProcess.patience
        var error: [UInt8] = []
        var waits = [outputEnd, errorEnd].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while waits.contains(where: { $0.fd >= 0 }) {
            let left = deadline - SystemClock.milliseconds()
            guard left > 0 else { return ("", false) }
            _ = poll(&waits, 2, Int32(clamping: left))
            if waits[0].fd >= 0, waits[0].revents != 0 {
                guard output.count < output.capacity else { return ("", false) }
                let count = output.fill { read(outputEnd, $0.baseAddress, $0.count) }
                if count == 0 || (count < 0 && errno != EINTR) { waits[0].fd = -1 }
            }
            if waits[1].fd >= 0, waits[1].revents != 0 {
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = read(errorEnd, &chunk, chunk.count)
                if count == 0 || (count < 0 && errno != EINTR) { waits[1].fd = -1 }
                error += chunk.prefix(max(0, min(count, CredentialProcess.errorLimit - error.count)))
            }
        }
        return (String(decoding: error, as: UTF8.self), true)
    }
}
