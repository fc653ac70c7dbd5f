// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel

/// What a caller of the Session Manager plugin asks for: its arguments are places, as the aws CLI gives them.
///
///     session-manager-plugin RESPONSE REGION StartSession [PROFILE REQUEST ENDPOINT]
///
/// RESPONSE is StartSession's answer as JSON, or the name of an environment variable that has it (aws CLI, where the plugin's
/// version is above 1.2.497.0).
enum PluginInvocation: Equatable {
    case banner
    case version
    case session(PluginSession.Request)
    /// What the official plugin says, too.
    case misuse(String)

    /// Variables with an answer of StartSession begin so.
    static let variablePrefix = "AWS_SSM_START_SESSION_RESPONSE"

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - takeVariable: gives a variable's value, which is a secret and not to stay where it was.
    /// - Throws: `usage` for JSON that is none, or lacks what is needed.
    init(_ arguments: [String], takeVariable: (String) -> String?) throws(LatchkeyError) {
        switch arguments.count {
        case 0: self = .banner
        case 1 where arguments[0] == "--version": self = .version
        case 1, 2:
            self = .misuse(
                "\nUnknown operation \(arguments[0].terminalSafe). \n"
                    + "Use session-manager-plugin --version to check the version.\n\n"
            )
        default:
            guard arguments[2] == "StartSession" else {
                self = .misuse("Invalid Operation\n")
                return
            }
            let first = arguments[0]
            let response = first.hasPrefix(PluginInvocation.variablePrefix) ? takeVariable(first) ?? "" : first
            func argument(_ index: Int) -> String? {
                arguments.count > index && !arguments[index].isEmpty ? arguments[index] : nil
            }
            self = .session(
                PluginSession.Request(
                    answer: try PluginInvocation.decode(PluginSession.Answer.self, response, "StartSession's answer"),
                    region: arguments[1],
                    profile: argument(3),
                    document: try argument(4)
                        .map { text throws(LatchkeyError) in
                            try PluginInvocation.decode(PluginSession.Document.self, text, "StartSession's request")
                        } ?? PluginSession.Document(),
                    endpoint: argument(5)
                )
            )
        }
    }

    /// Names count whichever way they are written, as for the official plugin.
    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ text: String,
        _ what: String
    ) throws(LatchkeyError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in Key(stringValue: path.last?.stringValue.lowercased() ?? "") }
        do { return try decoder.decode(type, from: Data(text.utf8)) } catch {
            throw LatchkeyError(
                .usage,
                "\(what) is not understood",
                hint: "the aws CLI calls this program: aws ssm start-session --target ID"
            )
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// Takes a variable's value out of the environment, so that `/proc` and child processes do not show it.
    static func takeVariable(_ name: String) -> String? {
        guard let bytes = getenv(name) else { return nil }
        let value = String(cString: bytes)
        memset(bytes, 0, strlen(bytes))
        unsetenv(name)
        return value
    }

    /// Takes the first argument away from those who look at this process: it may have the session's token.
    static func hideResponse() {
        guard CommandLine.argc > 3, let argument = CommandLine.unsafeArgv[1],
            !String(cString: argument).hasPrefix(variablePrefix)
        else { return }
        memset(argument, UInt8(ascii: " ").signed, strlen(argument))
    }
}

extension UInt8 {
    fileprivate var signed: Int32 { Int32(self) }
}
