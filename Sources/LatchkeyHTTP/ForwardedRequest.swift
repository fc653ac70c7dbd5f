// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1

/// What the proxy before this server says of the request as it came to it: the last element of `Forwarded` (RFC 7239), or else
/// the last words of `X-Forwarded-Proto` and `X-Forwarded-Host`. What stands before was there already, from anywhere.
struct ForwardedRequest: Equatable {
    /// Nil where it does not say so, as `host`.
    let isSecure: Bool?
    let host: String?

    init(_ headers: HTTPHeaders) {
        let forwarded = headers["Forwarded"]
        guard forwarded.isEmpty else {
            let pairs = ForwardedRequest.lastElement(of: forwarded.joined(separator: ","))
            isSecure = ForwardedRequest.isSecure(pairs["proto"])
            host = pairs["host"]
            return
        }
        isSecure = ForwardedRequest.isSecure(ForwardedRequest.lastWord(of: headers["X-Forwarded-Proto"]))
        host = ForwardedRequest.lastWord(of: headers["X-Forwarded-Host"])
    }

    private static func isSecure(_ scheme: String?) -> Bool? {
        switch scheme?.lowercased() {
        case "https", "wss": true
        case "http", "ws": false
        default: nil
        }
    }

    private static func lastWord(of values: [String]) -> String? {
        let word = values.last?.split(separator: ",", omittingEmptySubsequences: false).last.map(trimmed)
        return word.flatMap { $0.isEmpty ? nil : String($0) }
    }

    /// `for=192.0.2.1;proto=https;host="relay.example:8443"`: names in small letters, and values without their quotes.
    private static func lastElement(of text: String) -> [String: String] {
        var pairs: [String: String] = [:]
        var (name, value): (String, String?) = ("", nil)
        var (isQuoted, isEscaped) = (false, false)
        func finish() {
            if let value { pairs[trimmed(name[...]).lowercased()] = String(trimmed(value[...])) }
            (name, value) = ("", nil)
        }
        for character in text {
            switch character {
            case _ where isEscaped:
                value?.append(character)
                isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"" where value != nil: isQuoted.toggle()
            case _ where isQuoted: value?.append(character)
            case ",":
                finish()
                pairs = [:]
            case ";": finish()
            case "=" where value == nil: value = ""
            default: if value == nil { name.append(character) } else { value?.append(character) }
            }
        }
        finish()
        return pairs
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
