// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyTransport

struct ProxyTests {
    private func settings(_ variables: [String: String]) -> ProxySettings { ProxySettings { variables[$0] } }

    @Test(
        arguments: [
            ("http://proxy:3128", "proxy", 3128, nil), ("proxy:8080", "proxy", 8080, nil),
            ("http://proxy/", "proxy", 80, nil),
            ("http://[::1]:3128", "::1", 3128, nil), ("http://me:p%40ss@proxy:1", "proxy", 1, "me:p@ss"),
            ("HTTP://me@proxy:1", "proxy", 1, "me:"), ("http://a:b@c@proxy:1", "proxy", 1, "a:b@c"),
            ("http://me:100%@proxy:1", "proxy", 1, "me:100%"), ("http://me:%zz%41@proxy:1", "proxy", 1, "me:%zzA"),
        ] as [(String, String, Int, String?)]
    )
    func `a proxy is read as other programs write it`(text: String, host: String, port: Int, login: String?) throws {
        let proxy = try Proxy(text)
        #expect(proxy.host == host && proxy.port == port && proxy.login == login)
    }

    @Test(arguments: [
        "https://proxy:3128", "socks5://proxy:1080", "http://", "", "http://proxy:0",
        "http://me:a%0d%0aX: y@proxy:1", "http://me:%ff@proxy:1",
    ]) func `what is no proxy is refused, and its password is not told`(text: String) {
        #expect {
            _ = try Proxy(text)
        } throws: { error in
            guard case .proxyFailed(let words) = error as? TransportError else { return false }
            return !words.contains("@") && !words.contains("me:")
        }
    }

    @Test(arguments: [
        ("https://ec2.eu-central-1.amazonaws.com", true), ("http://ec2.eu-central-1.amazonaws.com", false),
        ("https://127.0.0.1:8443", false), ("https://127.9.9.9", false), ("https://localhost", false),
        ("https://[::1]", false), ("https://169.254.169.254", false), ("https://10.1.2.3", false),
        ("https://11.1.2.3", true), ("https://relay.example", false), ("https://a.relay.example", false),
        ("https://otherrelay.example", true), ("https://one.test:8443", false), ("https://one.test", true),
        ("https://deep.inner.test", false), ("https://192.0.2.7", false),
        ("https://[2001:db8::1]", false), ("https://[2001:db8:0:0::1]", false), ("https://[2001:db8::2]", true),
        ("https://[fd00::5]", false), ("https://[fdff::5]", false), ("https://[fe00::5]", true),
        ("https://[2001:db8::7]:8443", false), ("https://[2001:db8::7]:443", true), ("https://[2001:db8::8]", false),
    ]) func `some servers are reached directly`(url: String, isProxied: Bool) throws {
        let settings = settings([
            "HTTPS_PROXY": "http://proxy:1",
            "no_proxy": "relay.example, 10.0.0.0/8,ONE.test:8443 .inner.test,192.0.2.7,nonsense/99,"
                + "2001:DB8:0::1,fd00::/8,[2001:db8::7]:8443,[2001:db8::8]",
        ])
        #expect(try (settings.proxy(for: ServerAddress(url: url)) != nil) == isProxied)
    }

    @Test func `small letters come first, and a star is for all`() throws {
        let server = try ServerAddress(url: "https://a.example")
        let both = ["https_proxy": "http://small:1", "HTTPS_PROXY": "http://great:1"]
        #expect(try settings(both).proxy(for: server)?.host == "small")
        #expect(try settings(both.merging(["NO_PROXY": "*"]) { $1 }).proxy(for: server) == nil)
        #expect(try settings([:]).proxy(for: server) == nil)
    }

    @Test(arguments: [
        (
            "", "HTTP/1.1 403 Forbidden by \\x1b[31mpolicy\\r\\n\\r\\n",
            "does not pass the connection on: 403 Forbidden by"
        ),
        ("a:b", "pass", "asks for a user and password"), ("", "SSH-2.0-x\\r\\n\\r\\n", "gives no answer of HTTP"),
        ("", "HTTP/1.1 200", "closed the connection"),
    ]) func `a proxy that refuses is told of as such`(login: String, answer: String, words: String) throws {
        try ConnectProxy.with(login: login, answer: answer) { port, _ in
            let proxy = try Proxy("http://127.0.0.1:\(port)")
            let server = try ServerAddress(url: "https://ec2.example")
            #expect {
                _ = try proxy.dial(server, timeout: 100_000)
            } throws: { error in
                guard case .proxyFailed(let text) = error as? TransportError else { return false }
                return text.hasPrefix("the proxy 127.0.0.1:\(port) ") && text.contains(words)
                    && !text.contains("\u{1B}")
            }
        }
    }
}
