// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeyTransport

/// Why an operation gave no answer.
package enum ServiceFailure: Error, Equatable, Sendable {
    case unreachable(TransportError)
    /// The server's code, its HTTP status, and its words, safe for a terminal.
    case refused(code: String, status: Int, message: String)
    /// The answer is not what the operation gives.
    case malformed(String)

    /// A refusal with what the server said, made safe for a terminal, or with what its date says about this machine's
    /// clock if that must be the reason.
    package static func refused(code: String, _ message: String, _ response: HTTPResponse) -> ServiceFailure {
        .refused(
            code: String(code.prefix(128)).terminalSafe,
            status: response.status,
            message: ClockSkew.message(code, response) ?? String(message.prefix(1000)).terminalSafe
        )
    }

    /// What happened, in a line.
    package var message: String {
        switch self {
        case .unreachable(let error): error.message
        case .refused(let code, _, let message): message.isEmpty ? code : "\(message) (\(code))"
        case .malformed(let what): "its answer is not understood: \(what)"
        }
    }
}
