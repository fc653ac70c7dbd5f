// SPDX-License-Identifier: Apache-2.0

/// What can go wrong on the way to a server. All text in it is safe for a terminal.
package enum TransportError: Error, Equatable, Sendable {
    case addressInvalid(String)
    case dial(DialFailure)
    /// The proxy that the environment names cannot be used; why.
    case proxyFailed(String)
    /// The server's certificate is not one to trust; why.
    case untrusted(String)
    /// TLS failed otherwise; OpenSSL's words.
    case secure(String)
    /// The connection is gone; the system's words.
    case lost(String)
    case timedOut
    /// The server said something that is not HTTP or WebSocket.
    case malformed(String)
    /// The answer is longer than any is taken.
    case tooLong
    /// This address, a URL's beginning, would be asked without TLS, and is not this machine's own.
    case cleartext(String)
    /// There is nothing to sign the request with; why.
    case unsigned(String)
    /// The server did not become a WebSocket; its HTTP status and the beginning of what it said.
    case refused(status: Int, String)

    /// What happened, in a line.
    package var message: String {
        switch self {
        case .addressInvalid(let text): "'\(text)' is not an address of the form https://HOST:PORT"
        case .dial(let failure): failure.message
        case .proxyFailed(let why): why
        case .untrusted(let why): "its certificate is not trusted: \(why)"
        case .secure(let message): "TLS failed: \(message)"
        case .lost(let message): "the connection was lost: \(message)"
        case .timedOut: "no answer in time"
        case .malformed(let what): "it does not speak as expected: \(what)"
        case .tooLong: "its answer is longer than \(ResponseReader.bodyLimit >> 20) MiB"
        case .cleartext(let url): "'\(url)' is not encrypted, which only this machine's own addresses may be"
        case .unsigned(let why): why
        case .refused(let status, let text): "it answered \(status)" + (text.isEmpty ? "" : ": \(text)")
        }
    }
}
