// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyTransport

struct ServerAddressTests {
    @Test(
        arguments: [
            ("https://example.com", true, "example.com", 443, "/", "example.com"),
            ("HTTP://Example.com:8080/a/b?c=d", false, "Example.com", 8080, "/a/b?c=d", "Example.com:8080"),
            (
                "wss://h:443/v1/data-channel/x?role=publish_subscribe", true, "h", 443,
                "/v1/data-channel/x?role=publish_subscribe", "h"
            ),
            ("ws://127.0.0.1:80?x", false, "127.0.0.1", 80, "/?x", "127.0.0.1"),
            ("http://[::1]:81/", false, "::1", 81, "/", "[::1]:81"),
            ("https://[2001:db8::1]", true, "2001:db8::1", 443, "/", "[2001:db8::1]"),
            ("https://h/a#b", true, "h", 443, "/a", "h"), ("https://h#b", true, "h", 443, "/", "h"),
            ("https://h?a=http://other/", true, "h", 443, "/?a=http://other/", "h"),
            ("https://h/@other", true, "h", 443, "/@other", "h"),
        ]
    )
    func `a URL is taken apart`(
        url: String,
        isSecure: Bool,
        host: String,
        port: Int,
        path: String,
        header: String
    ) throws {
        let address = try ServerAddress(url: url)
        #expect(address == ServerAddress(isSecure: isSecure, host: host, port: port, path: path))
        #expect(address.hostHeader == header)
        #expect(try ServerAddress(url: address.httpOrigin + path) == address)
    }

    @Test(
        arguments: [
            "", "https", "https:", "https://", "https:///x", "https://:443", "https://?", "ftp://h",
            "file:///etc/passwd",
            "javascript:alert(1)", "//h", "h", "h:443", " https://h", "https://h ", "https://h\n", "https://h\r\nX: y",
            "https://h/\r\nX:%20y", "https://h/a b", "https://h/\u{0}", "https://h\u{7F}", "https://ü.example",
            "https://h/ü", "https://user@h", "https://user:password@h", "https://user:1@h:2", "https://h@",
            "https://@h",
            "https://h:", "https://h:0", "https://h:65536", "https://h:-1", "https://h:+1", "https://h:0x50",
            "https://h:1e3",
            "https://h:99999999999999999999", "https://h:80:81", "https://::1", "https://::1:80", "https://[::1",
            "https://::1]", "https://[]", "https://[h]", "https://[::1]x", "https://[::1]]:1", "https://[[::1]]",
            "https://h\\@other", "https://h\\other", "https://<h>", "https://\"h\"", "https://h:80]",
            "https://" + String(repeating: "a", count: 5000),
        ]
    )
    func `a hostile URL is refused`(url: String) {
        #expect(throws: TransportError.self) { try ServerAddress(url: url) }
    }

    @Test func `a refused URL is told in a way that is safe for a terminal`() {
        do throws(TransportError) {
            _ = try ServerAddress(url: "https://\u{1B}[2J")
        } catch {
            #expect(!error.message.contains("\u{1B}"))
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:1", true), ("http://127.9.9.9", true), ("http://localhost:80", true),
        ("http://LOCALHOST", true), ("http://[::1]:1", true), ("ws://127.0.0.1", true), ("https://192.0.2.1", true),
        ("wss://relay.example", true),
        ("http://192.0.2.1", false), ("http://relay.example", false), ("ws://relay.example", false),
        ("http://localhost.example", false), ("http://x.localhost", false), ("http://0.0.0.0", false),
        ("http://128.0.0.1", false), ("http://[::2]", false), ("http://127.1", false),
        // Octal where the system reads it: 87.0.0.1.
        ("http://0127.0.0.1", false), ("http://+127.0.0.1", false), ("http://127.0.0.1.example", false),
    ]) func `in the clear a server is one of this machine`(url: String, isAllowed: Bool) throws {
        let error: TransportError?
        do throws(TransportError) {
            _ = try ServerAddress(endpoint: url)
            error = nil
        } catch let failure {
            error = failure
        }
        if isAllowed { #expect(error == nil) } else { #expect(error?.message.contains("is not encrypted") == true) }
        _ = try ServerAddress(endpoint: url, allowsCleartext: true)
    }
}
