// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import NIOHTTP1
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyServer

struct PublicOriginTests {
    private func stream(
        _ origin: PublicOrigin,
        from source: String?,
        isSecure: Bool = false,
        _ headers: [(String, String)]
    ) -> String? {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: HTTPHeaders(headers))
        return origin.webSocketOrigin(
            for: IncomingRequest(head: head, body: .whole([]), isSecure: isSecure, source: source)
        )
    }

    @Test func `without more, a request tells where it came to`() {
        let host = ("Host", "relay.example:8443")
        #expect(stream(.ofRequest, from: "192.0.2.1", isSecure: true, [host]) == "wss://relay.example:8443")
        #expect(stream(.ofRequest, from: "127.0.0.1", [host]) == "ws://relay.example:8443")
        // Anybody can write these.
        let claims = [
            host, ("Forwarded", "proto=https;host=evil.example"), ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.example"),
        ]
        for source in ["127.0.0.1", "192.0.2.1", nil] {
            #expect(stream(.ofRequest, from: source, claims) == "ws://relay.example:8443")
        }
        for wrong in ["", "a/b", "a@b", "a b", "a?b", String(repeating: "a", count: 301)] {
            #expect(stream(.ofRequest, from: nil, [("Host", wrong)]) == nil)
        }
        #expect(stream(.ofRequest, from: nil, []) == nil)
    }

    @Test func `the public URL is what clients get, whatever a request says`() throws {
        let headers = [("Host", "10.0.0.1:8443"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil.example")]
        let all = try #require(AddressRange("0.0.0.0/0"))
        let origin = try PublicOrigin(url: "https://relay.example", proxies: [all])
        #expect(stream(origin, from: "10.0.0.9", headers) == "wss://relay.example")
        #expect(stream(try PublicOrigin(url: "https://[2001:db8::1]:444/"), from: nil, []) == "wss://[2001:db8::1]:444")
        #expect(stream(try PublicOrigin(url: "http://127.0.0.1:8080"), from: nil, headers) == "ws://127.0.0.1:8080")
        for wrong in [
            "http://relay.example", "ws://10.0.0.1", "relay.example", "", "https://relay.example/path",
            "https://relay.example?x", "https://me@relay.example", "ftp://relay.example",
        ] { #expect(throws: (any Error).self) { try PublicOrigin(url: wrong) } }
    }

    @Test(
        arguments: [
            ([("X-Forwarded-Proto", "https")], "wss://relay.example"),
            ([("X-Forwarded-Proto", "http")], "ws://relay.example"),
            ([("X-Forwarded-Proto", "http, HTTPS")], "wss://relay.example"),
            ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")], "ws://relay.example"),
            ([("X-Forwarded-Proto", "gopher")], "ws://relay.example"),
            (
                [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example , own.example:444")],
                "wss://own.example:444"
            ),
            ([("X-Forwarded-Host", "a/b")], nil), ([("Forwarded", "proto=https")], "wss://relay.example"),
            (
                [("Forwarded", "For=\"[2001:db8::1]:1\"; Proto=HTTPS ;host=\"own.example:444\"")],
                "wss://own.example:444"
            ),
            ([("Forwarded", "proto=https;host=evil.example, for=10.0.0.1;proto=http")], "ws://relay.example"),
            ([("Forwarded", "proto=http"), ("Forwarded", "proto=https")], "wss://relay.example"),
            // What is quoted separates nothing.
            ([("Forwarded", "proto=https;for=\"a,proto=http;b\\\"\"")], "wss://relay.example"),
            // One kind of header speaks, so that nobody smuggles the other through a proxy that does not know it.
            ([("Forwarded", "for=x"), ("X-Forwarded-Proto", "https")], "ws://relay.example"),
            ([("Forwarded", ";;=,\"")], "ws://relay.example"),
        ] as [([(String, String)], String?)]
    )
    func `a proxy that was named is believed about the request before it`(
        headers: [(String, String)],
        expected: String?
    ) throws {
        let range = try #require(AddressRange("10.1.0.0/16"))
        let origin = try PublicOrigin(proxies: [try #require(AddressRange("fd00::1")), range])
        let all = [("Host", "relay.example")] + headers
        for source in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"] {
            #expect(stream(origin, from: source, all) == expected)
        }
        for source in ["10.2.0.1", "fd00::2", "::ffff:10.2.0.1", nil] {
            #expect(stream(origin, from: source, all) == "ws://relay.example")
        }
    }

    @Test func `addresses and networks are read strictly`() {
        for text in ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0", "::/0", "1.2.3.4/32"] {
            #expect(AddressRange(text) != nil)
        }
        for text in [
            "", "x", "10.0.0", "10.0.0.1/", "10.0.0.1/33", "::1/129", "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/8/8",
            "/8",
            "10.0.0.1/1 ", "localhost", "10.0.0.01",
        ] { #expect(AddressRange(text) == nil) }
        #expect(AddressRange("10.0.0.0/9")?.contains("10.127.1.1") == true)
        #expect(AddressRange("10.0.0.0/9")?.contains("10.128.1.1") == false)
        #expect(AddressRange("::/0")?.contains("10.0.0.1") == false)
        #expect(AddressRange("10.0.0.0/8")?.contains("nonsense") == false)
    }
}
