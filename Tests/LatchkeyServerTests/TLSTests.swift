// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What the server does with TLS, spoken well and badly.
    struct Secure {
        /// `Secured` speaks TLS over a plain socket, so that every byte on its way is in the test's hands.
        private static let prelude = Script.text("tls")

        private func run(_ script: String) throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(Self.prelude + script + "\nis_healthy()\nprint('good')")
                    #expect(answer == "good")
                }
            }
        }

        @Test func `TLS 1.2 and 1.3 are spoken, older ones are not, and HTTP/1.1 is agreed on`() throws {
            try run(
                #"""
                for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                    for protocols, agreed in [(None, None), (['http/1.1'], 'http/1.1'), (['h2', 'http/1.1'], 'http/1.1'),
                            (['h2'], None)]:
                        link = Secured(trust(version, protocols))
                        assert link.tls.selected_alpn_protocol() == agreed, (version, protocols)
                        link.say(LAST)
                        got = link.hear()
                        assert got.startswith(b'HTTP/1.1 200 ') and got.endswith(b'ok\n'), got
                old = trust()
                old.set_ciphers('ALL:@SECLEVEL=0')
                old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
                try:
                    Secured(old)
                    assert False, 'TLS 1.1 was taken'
                except ssl.SSLError: pass
                """#
            )
        }

        @Test func `every byte may come alone, and much may come at once`() throws {
            try run(
                #"""
                for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                    slow = Secured(trust(version), chunk=1)
                    for byte in LAST: slow.say(bytes([byte]))
                    assert slow.hear().endswith(b'ok\n')
                    # What follows the handshake in the same segment is not lost.
                    assert Secured(trust(version), early=LAST).hear().endswith(b'ok\n')
                    many = Secured(trust(version))
                    many.say(GET * 500 + LAST)
                    assert many.hear().count(b'ok\n') == 501
                    # A body of several records, just within the limit, and the answer to it.
                    big = Secured(trust(version))
                    big.say(b'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: AmazonSSM.DescribeSessions\r\n'
                        b'Content-Length: 60000\r\n\r\n' + b' ' * 60000)
                    assert b'MissingAuthenticationTokenException' in big.hear()
                """#
            )
        }

        @Test
        func `an end in the middle, a changed record or hello, a new handshake: refused, and nobody else notices`()
            throws
        {
            try run(
                #"""
                random.seed(7)
                whole = hello()
                def offer(data, waits=True):
                    with dial() as link:
                        link.sendall(data)
                        if not waits: return
                        try:
                            # It may have been refused, and the connection be gone, by then.
                            link.shutdown(socket.SHUT_WR)
                            while link.recv(1 << 16): pass
                        except OSError as error:
                            assert error.errno in (errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE), error
                for length in range(0, len(whole), 7): offer(whole[:length])
                for _ in range(300):
                    wrong = bytearray(whole)
                    for _ in range(random.randint(1, 8)): wrong[random.randrange(1, len(wrong))] = random.randrange(256)
                    offer(bytes(wrong))
                is_healthy()
                for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                    link = Secured(trust(version))
                    link.tls.write(GET)
                    record = bytearray(link.outgoing.read())
                    record[-1] ^= 1
                    link.socket.sendall(record)
                    try:
                        link.hear()
                        assert False, 'a changed record was taken'
                    except ssl.SSLError as error: assert 'bad record mac' in str(error).lower(), error
                    # Gone without a word.
                    gone = Secured(trust(version))
                    gone.say(GET[:10])
                    gone.socket.close()
                # Not in clear either, once it was TLS.
                link = Secured(trust())
                link.socket.sendall(GET)
                try: link.hear()
                except (ssl.SSLError, ConnectionError): pass
                """#
            )
        }

        @Test func `keys are changed on request, and there is no second handshake`() throws {
            try run(
                #"""
                def openssl(*options, lines):
                    # It reads commands (a letter alone on a line) only where its input is not all there at once.
                    process = subprocess.Popen(['openssl', 's_client', '-crlf', '-connect', f'127.0.0.1:{PORT}', '-CAfile',
                        SERVER['authorities'], *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT)
                    seen, place = b'', 0
                    def hear(words):
                        """Reads until it has said this, behind what was heard before, or has ended."""
                        nonlocal seen, place
                        while (found := seen.find(words, place)) < 0:
                            chunk = process.stdout.read1(1 << 16)
                            if not chunk: return
                            seen += chunk
                        place = found + len(words)
                    hear(b'Verify return code')
                    hear(b'---\n')
                    for line, answer in lines:
                        process.stdin.write(line)
                        process.stdin.flush()
                        hear(answer)
                    rest, _ = process.communicate(timeout=100)
                    return seen + rest
                said = openssl('-tls1_3', lines=[(b'K\n', b'KEYUPDATE\n'),
                    (b'GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n', b'ok\n')])
                assert b'KEYUPDATE' in said and b'HTTP/1.1 200 ' in said, said[-600:]
                said = openssl('-tls1_2', lines=[(b'R\n', b'no renegotiation')])
                assert b'no renegotiation' in said.lower(), said[-600:]
                """#
            )
        }

        @Test func `connections that end early leave nothing behind`() throws {
            try run(
                #"""
                def figure(name):
                    text = urllib.request.urlopen(f'http://127.0.0.1:{PORT}/metrics', timeout=100).read().decode()
                    return int(re.search(rf'^{name} (\d+)$', text, re.M)[1])
                whole = hello()
                # How many a server has before depends on what it was started by.
                files_before = figure('process_open_fds')
                def burst(count):
                    for _ in range(count // 50):
                        links = [dial() for _ in range(50)]
                        for link in links: link.sendall(whole)
                        for link in links: link.recv(1)
                        for link in links: link.close()
                burst(500)
                before = figure('process_resident_memory_bytes')
                burst(2500)
                # One that stayed would cost some 15 KB.
                after = figure('process_resident_memory_bytes')
                assert after - before < 15_000_000, (before, after)
                for _ in range(1000):
                    open_files = figure('process_open_fds')
                    if open_files < files_before + 10: break
                    time.sleep(0.1)
                assert open_files < files_before + 10, (files_before, open_files)
                """#
            )
        }
    }
}
