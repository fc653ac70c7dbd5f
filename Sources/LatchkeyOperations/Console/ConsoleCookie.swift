// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP
internal import NIOHTTP1

/// The cookie that shows a sign-in to the console (RFC 6265): no script reads it, and no other site sends it.
enum ConsoleCookie {
    /// With the prefix that binds a cookie to one host and to TLS, where there is TLS (RFC 6265bis §4.1.3.2).
    private static func name(isSecure: Bool) -> String { isSecure ? "__Host-latchkey" : "latchkey" }

    /// The token in a request's cookie; nil if it has none.
    static func token(in request: IncomingRequest) -> String? {
        for header in request.headers["Cookie"] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let name = parts[0].drop { $0 == " " }
                if name == self.name(isSecure: true) || name == self.name(isSecure: false) { return String(parts[1]) }
            }
        }
        return nil
    }

    /// The header that has a browser keep a token, until it ends or the server forgets it.
    static func setting(_ token: String, isSecure: Bool) -> String {
        attributes("\(name(isSecure: isSecure))=\(token)", isSecure)
    }

    /// The header that has a browser forget it.
    static func clearing(isSecure: Bool) -> String {
        attributes("\(name(isSecure: isSecure))=", isSecure) + "; Max-Age=0"
    }

    private static func attributes(_ pair: String, _ isSecure: Bool) -> String {
        "\(pair); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
