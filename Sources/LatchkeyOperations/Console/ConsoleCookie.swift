// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP
internal import NIOHTTP1

/// The cookie that shows a sign-in to the console at one address (RFC 6265): no script reads it, and no other site sends it.
struct ConsoleCookie {
    /// Browsers keep cookies by host and whatever the port, so its name has that; and where there is TLS, the prefix that binds it to
    /// this very host, and to TLS (RFC 6265bis §4.1.3.2). No other name counts, since others could plant those.
    private let name: String
    private let isSecure: Bool

    /// - Parameter origin: as browsers call the server's pages, for example `https://host:8443`.
    init(origin: String) {
        isSecure = origin.hasPrefix("https:")
        let port = origin.split(separator: ":").last.flatMap { Int($0) } ?? (isSecure ? 443 : 80)
        name = "\(isSecure ? "__Host-" : "")latchkey-\(port)"
    }

    /// The token in a request's cookie; nil if it has none.
    func token(in request: IncomingRequest) -> String? {
        for header in request.headers["Cookie"] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].drop(while: { $0 == " " }) == name { return String(parts[1]) }
            }
        }
        return nil
    }

    /// The header that has a browser keep a token, until it ends or the server forgets it.
    func setting(_ token: String) -> String { attributes("\(name)=\(token)") }

    /// The header that has a browser forget it.
    var clearing: String { attributes("\(name)=") + "; Max-Age=0" }

    private func attributes(_ pair: String) -> String {
        "\(pair); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
