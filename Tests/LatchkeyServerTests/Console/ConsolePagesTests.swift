// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The console's files, as a browser gets them.
struct ConsolePagesTests {
    @Test func `every page keeps to itself, and each load has a mark of its own for styles`() throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch) { relay in
                _ = try relay.python(
                    """
                    from console import *
                    import gzip, re
                    first, second = send('GET', '/console/'), send('GET', '/console/instances/i-1')
                    nonces = []
                    for answer in [first, second]:
                        assert answer.status == 200
                        policy = dict(part.strip().split(' ', 1) for part in answer.getheader('Content-Security-Policy').split(';'))
                        assert policy['default-src'] == "'none'" and policy['script-src'] == "'self'"
                        assert policy['frame-ancestors'] == "'none'" and policy['base-uri'] == "'none'"
                        assert policy['connect-src'] == "'self' " + ORIGIN.replace('https', 'wss')
                        nonces += re.findall("'nonce-([A-Za-z0-9_-]{22})'", policy['style-src'])
                        assert ('content="' + nonces[-1] + '"').encode() in answer.content
                        assert answer.getheader('X-Content-Type-Options') == 'nosniff'
                        assert answer.getheader('Referrer-Policy') == 'no-referrer'
                        assert answer.getheader('Cross-Origin-Opener-Policy') == 'same-origin'
                        assert answer.getheader('Cross-Origin-Resource-Policy') == 'same-origin'
                        assert answer.getheader('Strict-Transport-Security').startswith('max-age=')
                        assert answer.getheader('Cache-Control') == 'no-store'
                    assert len(set(nonces)) == 2, nonces
                    assert b'<script>' not in first.content and b'style=' not in first.content and b'<noscript>' in first.content
                    plain = send('GET', '/console/xterm/xterm.js')
                    small = send('GET', '/console/xterm/xterm.js', headers={'Accept-Encoding': 'br, gzip'})
                    assert small.getheader('Content-Encoding') == 'gzip' and gzip.decompress(small.content) == plain.content
                    assert plain.getheader('Content-Type').startswith('text/javascript')
                    tag = plain.getheader('ETag')
                    known = send('GET', '/console/xterm/xterm.js', headers={'If-None-Match': tag})
                    assert (known.status, known.content) == (304, b'')
                    assert send('GET', '/console/xterm/LICENSE').status == 200
                    assert send('GET', '/console').getheader('Location') == '/console/'
                    assert send('POST', '/console/').status == 405
                    for path in ['nothing.js', '../console/main.js', '%2e%2e/main.js', 'index.html', 'main.js.gz']:
                        assert send('GET', '/console/' + path).status == 404, path
                    total = 0
                    for path in re.findall('"(/console/[^"]+)"', first.content.decode()):
                        total += len(send('GET', path, headers={'Accept-Encoding': 'gzip'}).content)
                    assert total < 400_000, total
                    """
                )
            }
        }
    }

    @Test func `without the console nothing is at its address`() throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch, "--no-console") { relay in
                _ = try relay.python("from console import *\nassert send('GET', '/console/').status == 404")
            }
        }
    }
}
