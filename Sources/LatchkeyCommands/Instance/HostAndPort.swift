// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address.
struct HostAndPort {
    let host: String
    let port: Int?

    /// The hosts of several such texts, and the one port that they and an option name; nil for none.
    ///
    /// - Throws: `usage` for several ports or one that is none, `nameInvalid`.
    static func read(_ texts: [String], port: Int?) throws -> (hosts: [String], port: Int?) {
        let places = try texts.map(HostAndPort.init)
        let ports = Set([port].compactMap { $0 } + places.compactMap(\.port))
        guard ports.count <= 1, ports.allSatisfy({ (1...65535).contains($0) }) else {
            throw LatchkeyError(
                .usage,
                "an instance has one port, between 1 and 65535",
                hint: "give it once, with --port"
            )
        }
        return (places.map(\.host), ports.first)
    }

    init(_ text: String) throws {
        var host = text[...]
        var port: Substring?
        if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            port = rest.isEmpty ? nil : rest.first == ":" ? rest.dropFirst() : ""
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        self.host = try Names.address(String(host))
        self.port = try port.map { digits in
            guard let number = Int(digits), (1...65535).contains(number) else {
                throw LatchkeyError(
                    .usage,
                    "'\(text.terminalSafe)' has no port between 1 and 65535",
                    hint: "write HOST:PORT"
                )
            }
            return number
        }
    }
}
