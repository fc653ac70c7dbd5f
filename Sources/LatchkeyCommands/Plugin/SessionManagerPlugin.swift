// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyTerminal

/// The client under the name of the Session Manager plugin, for the stock aws CLI and for whatever else starts that.
enum SessionManagerPlugin {
    static let name = "session-manager-plugin"

    /// - Returns: the status to end the process with.
    static func run() -> Int32 {
        do {
            let arguments = try ProgramArguments.checked()
            let invocation = try PluginInvocation(arguments, takeVariable: PluginInvocation.takeVariable)
            PluginInvocation.hideResponse()
            switch invocation {
            case .banner:
                try Output.write(
                    "\nThe Session Manager plugin was installed successfully. "
                        + "Use the AWS CLI to start a session.\n\n"
                )
                return 0
            case .version:
                try Output.write(Handshake.clientVersion)
                return 0
            case .misuse(let words):
                try Output.write(words)
                return 255
            case .session(let request): return try PluginSession(request: request, home: .current).run()
            }
        } catch {
            let error = error as? LatchkeyError ?? LatchkeyError(.connectionLost, "\(error)".terminalSafe)
            // Callers look for these words, and look here.
            try? Output.write("Cannot perform start session: \(error.message)\n")
            if let hint = error.hint { Console.note("latchkey: hint: \(hint)") }
            return 255
        }
    }
}
