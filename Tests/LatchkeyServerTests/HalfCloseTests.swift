// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// Clients that close their sending half as soon as they have said all.
    struct HalfClose {
        /// `ask()` sends bytes, closes that half, and gives all that comes back until the server closes, which must
        /// be before the timeout; `end` says how. TLS is spoken over a plain socket, so that nothing is read before it is
        /// asked for: the answer may come before the goodbye has gone out.
        private static let prelude = Script.text("half_close")

        @Test func `a request is answered though nothing more can come, and then it is over`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(
                        Self.prelude + """
                            for secure, end in [(False, None), (True, 'raw'), (True, 'notify')]:
                                got = ask(GET, secure, end)
                                assert got.startswith(b'HTTP/1.1 200 ') and got.endswith(b'ok\\n'), (secure, end, got)
                                # Several at once are all answered.
                                got = ask(GET * 3, secure, end)
                                assert got.count(b'HTTP/1.1 200 ') == 3 and got.count(b'ok\\n') == 3, (secure, end, got)
                                # An operation, whose answer waits for the disk.
                                body = b'{}'
                                post = b'POST / HTTP/1.1\\r\\nHost: x\\r\\nX-Amz-Target: AmazonSSM.DescribeSessions\\r\\n' \\
                                    b'Content-Length: 2\\r\\n\\r\\n' + body
                                got = ask(post, secure, end)
                                assert b'MissingAuthenticationTokenException' in got, (secure, end, got)
                                # Nothing, and half a request.
                                assert ask(b'', secure, end) == b''
                                got = ask(GET[:20], secure, end)
                                assert got == b'' or got.startswith(b'HTTP/1.1 400 '), got
                                got = ask(post[:-1], secure, end)
                                assert got == b'' or got.startswith(b'HTTP/1.1 400 '), got
                            print('good')
                            """
                    )
                    #expect(answer == "good")
                }
            }
        }

        @Test func `a WebSocket that is half-closed is over at once`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(
                        Self.prelude + """
                            upgrade = b'GET /v1/data-channel/x HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\n' \\
                                b'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n' \\
                                b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n'
                            ping = b'\\x89\\x80\\0\\0\\0\\0'
                            for secure, end in [(False, None), (True, 'raw'), (True, 'notify')]:
                                link = dial(secure)
                                link.sendall(upgrade)
                                head = b''
                                while not head.endswith(b'\\r\\n\\r\\n'): head += link.recv(1)
                                assert head.startswith(b'HTTP/1.1 101 '), head
                                link.sendall(ping)
                                assert link.recv(2) == b'\\x8a\\0'
                                half_close(link, end)
                                # Not by the frame that ends one whose opening never comes.
                                assert rest(link) == b'', (secure, end)
                                # In one go with the request.
                                for more in [b'', ping]:
                                    assert b'\\x88' not in ask(upgrade + more, secure, end), (secure, end, more)
                            print('good')
                            """
                    )
                    #expect(answer == "good")
                }
            }
        }
    }
}
