// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// An HTTP proxy that passes connections on (CONNECT, RFC 9110 §9.3.6).
struct Proxy: Equatable, Sendable {
    let host: String
    let port: Int
    /// `USER:PASSWORD`, decoded; nil for a proxy that asks for none.
    let login: String?

    /// A head that is longer is no answer to CONNECT.
    private static let headLimit = 16 * 1024

    /// `http://[USER[:PASSWORD]@]HOST[:PORT]`, where the scheme may be missing.
    ///
    /// - Throws: `proxyFailed`, without the text, which may have a password in it.
    init(_ text: String) throws(TransportError) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw .proxyFailed("the proxy's address is not of the form http://HOST:PORT")
            }
            rest = text[scheme.upperBound...]
        }
        var login: String?
        if let at = rest.lastIndex(of: "@") {
            // A user without a password has an empty one, as for curl.
            login = Proxy.decoded(rest[..<at]).map { $0.contains(":") ? $0 : "\($0):" }
            rest = rest[rest.index(after: at)...]
            guard login != nil else { throw .proxyFailed("the proxy's user or password is malformed") }
        }
        let address: ServerAddress
        do { address = try ServerAddress(url: "http://\(rest)") } catch {
            throw .proxyFailed("the proxy's address is not of the form http://HOST:PORT")
        }
        host = address.host
        port = address.port
        self.login = login
    }

    /// Decoded as in a URL (RFC 3986 §2.1); a percent sign that begins no code is itself, as for curl.
    ///
    /// - Returns: nil for what could end a header's line.
    private static func decoded(_ text: Substring) -> String? {
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let first = rest.first {
            let code = first == UInt8(ascii: "%") ? PercentEncoding.decode(rest.prefix(3), plusIsSpace: false) : nil
            bytes += code ?? [first]
            rest = rest.dropFirst(code == nil ? 1 : 3)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private var endpoint: String { "the proxy \(HostText.endpoint(host, port))".terminalSafe }

    /// A connection to a server through the proxy, which does not block from here on.
    ///
    /// - Parameter timeout: milliseconds for all of it.
    /// - Throws: `proxyFailed`, `timedOut`.
    func dial(_ server: ServerAddress, timeout: Int) throws(TransportError) -> Dialer.Socket {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        let socket: Dialer.Socket
        do { socket = try Dialer.dial(hosts: [host], port: port, timeout: timeout).takeSocket() } catch {
            throw .proxyFailed("\(endpoint) cannot be reached: \(error.message)")
        }
        let descriptor = socket.descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let target = HostText.endpoint(server.host, server.port)
        var request = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let login { request += "Proxy-Authorization: Basic \(Data(login.utf8).base64EncodedString())\r\n" }
        var unsent = Array("\(request)\r\n".utf8)[...]
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { unsent = unsent.dropFirst(count) } else { try wait(descriptor, .writable, deadline) }
        }
        try check(readHead(descriptor, deadline))
        return socket
    }

    /// The answer up to its empty line. It is read byte by byte, so that nothing of what follows is taken.
    private func readHead(_ descriptor: Int32, _ deadline: Int64) throws(TransportError) -> String {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < Proxy.headLimit else { throw .proxyFailed("\(endpoint) gives no answer of HTTP") }
            var byte: UInt8 = 0
            switch recv(descriptor, &byte, 1, 0) {
            case 1: head.append(byte)
            case 0: throw .proxyFailed("\(endpoint) closed the connection")
            default: try wait(descriptor, .readable, deadline)
            }
        }
        return String(decoding: head, as: UTF8.self)
    }

    /// - Parameter head: of which the first line counts (RFC 9112 §4).
    private func check(_ head: String) throws(TransportError) {
        let line = head.prefix { !$0.isNewline }
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw .proxyFailed("\(endpoint) gives no answer of HTTP")
        }
        guard !(200..<300).contains(status) else { return }
        let reason = words.count > 2 ? " \(String(words[2].prefix(100)).terminalSafe)" : ""
        throw .proxyFailed(
            status == 407
                ? "\(endpoint) asks for \(login == nil ? "a" : "another") user and password"
                : "\(endpoint) does not pass the connection on: \(status)\(reason)"
        )
    }

    /// After an operation that could not go on.
    private func wait(_ descriptor: Int32, _ events: PollSet.Events, _ deadline: Int64) throws(TransportError) {
        guard errno == EAGAIN || errno == EINTR else { throw .proxyFailed("\(endpoint) closed the connection") }
        guard !Descriptor.wait(descriptor, for: events, until: deadline).isEmpty else { throw .timedOut }
    }
}
