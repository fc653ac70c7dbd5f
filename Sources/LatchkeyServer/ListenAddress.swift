// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Where to listen.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, `[HOST]:PORT` or `:PORT`. - Returns: nil if it is none of them.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    package var description: String { HostText.endpoint(host, port) }

    var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
