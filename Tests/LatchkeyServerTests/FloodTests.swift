// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What connections without credentials can do to a server: its memory stays small, and a user who is signed in is served.
    struct Floods {
        /// `size()` is the server's memory in bytes; `within(limit, work)` proves what it grows by while `work` goes on.
        private static let prelude =
            HostileInput.prelude + #"""
                import ssl, threading
                [SERVER_ID] = subprocess.run(['pgrep', '-f', f'^[^ ]*latchkeyd run --listen 127.0.0.1:{PORT}'],
                    capture_output=True, text=True).stdout.split()
                MIB = 1 << 20
                def size():
                    text = open(f'/proc/{SERVER_ID}/status').read()
                    return int(re.search(r'VmRSS:\s+(\d+)', text)[1]) * 1024
                def descriptors(): return len(os.listdir(f'/proc/{SERVER_ID}/fd'))
                def dial(source='127.0.0.1', secure=False):
                    plain = socket.create_connection(('127.0.0.1', PORT), timeout=30, source_address=(source, 0))
                    if not secure: return plain
                    context = ssl.create_default_context(cafile=SERVER['authorities'])
                    return context.wrap_socket(plain, server_hostname='127.0.0.1')
                def pour(connection, data):
                    """Sends all of it, or as much as the server takes within five seconds of the last bit."""
                    connection.settimeout(5)
                    try: connection.sendall(data)
                    except (OSError, ssl.SSLError): pass
                def within(limit, work):
                    before, most, done = size(), 0, threading.Event()
                    def watch():
                        nonlocal most
                        while not done.wait(0.01): most = max(most, size())
                    watcher = threading.Thread(target=watch)
                    watcher.start()
                    try: work()
                    finally:
                        done.set()
                        watcher.join()
                    assert most - before < limit, (before, most)
                def is_served(): client().describe_sessions(State='Active', MaxResults=1)
                is_served()

                """#

        private func run(_ script: String, through wrapper: [String] = [], options: [String] = []) throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch, through: wrapper, options: options) { relay in
                    let answer = try relay.python(
                        Self.prelude + script + "\nis_served()\nprint('served')",
                        timeout: 300
                    )
                    #expect(answer == "served")
                }
            }
        }

        @Test func `bytes behind an upgrade that is not granted are thrown away, and the connection ends`() throws {
            try run(
                #"""
                for secure in [False, True]:
                    for head in [b'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n',
                        b'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
                        b'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n'
                        b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n']:
                        link = dial(secure=secure)
                        within(32 * MIB, lambda: pour(link, head + b'x' * 256 * MIB))
                        link.close()
                        link = dial(secure=secure)
                        link.sendall(head)
                        answer = rest(link)
                        assert answer.startswith(b'HTTP/1.1 404 ') and b'onnection: close' in answer, answer
                """#
            )
        }

        @Test func `requests behind an answer that is not read are not read either`() throws {
            try run(
                #"""
                for secure in [False, True]:
                    for request in [b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n',
                        b'POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}']:
                        links = [dial(secure=secure) for _ in range(10)]
                        def flood():
                            pourers = [threading.Thread(target=pour, args=(link, request * 200000)) for link in links]
                            for pourer in pourers: pourer.start()
                            for pourer in pourers: pourer.join()
                        within(32 * MIB, flood)
                        for link in links: link.close()
                # All are answered, in order, where they are read.
                link = dial()
                link.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' * 2000
                    + b'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
                answer = rest(link)
                assert answer.count(b'HTTP/1.1 200 ') == 2000 and answer.count(b'HTTP/1.1 404 ') == 1
                assert answer.index(b' 404 ') > answer.rindex(b' 200 ')
                """#
            )
        }

        @Test func `what unauthenticated connections have sent is bounded, for each and for all`() throws {
            try run(
                #"""
                sources = [f'127.0.1.{n}' for n in range(1, 11)]
                post = b'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSSM.StartSession\r\n'
                heads = [(b'POST / HTTP/1.1\r\nHost: x\r\nX-Long: ' + b'a' * 2 * MIB, b' 431 '),
                    (post + b''.join(b'X-%d: y\r\n' % n for n in range(2000)), b' 431 '),
                    (post + b'Content-Length: 1048576\r\n\r\n' + b'x' * MIB, b' 413 '),
                    (post + b'Transfer-Encoding: chunked\r\n\r\n100000\r\n' + b'x' * MIB + b'\r\n0\r\n\r\n', b' 413 ')]
                for bytes, status in heads:
                    with dial() as link:
                        pour(link, bytes)
                        assert status in rest(link).split(b'\r\n')[0], status
                # Each of them stops short of its end.
                links = []
                def flood():
                    for source in sources:
                        for _ in range(60):
                            links.append(dial(source))
                            pour(links[-1], post + b'Content-Length: 65536\r\n\r\n' + b'x' * 65535)
                within(96 * MIB, flood)
                assert metric('latchkey_unauthenticated_request_bytes') <= 32 * MIB
                is_served()
                for link in links: link.close()
                """#
            )
        }

        @Test func `one source holds few unauthenticated connections, and the silent ones go first`() throws {
            try run(
                #"""
                def is_open(connection):
                    connection.setblocking(False)
                    try: return connection.recv(1) != b''
                    except BlockingIOError: return True
                    except OSError: return False
                first = [dial('127.0.2.1') for _ in range(64)]
                other = dial('127.0.2.2')
                is_healthy()
                assert all(map(is_open, first))
                # Each further one takes the place of the one that has been silent for longest.
                more = [dial('127.0.2.1') for _ in range(30)]
                deadline = time.monotonic() + 60
                while any(map(is_open, first[:30])): assert time.monotonic() < deadline
                assert all(map(is_open, first[30:] + more + [other]))
                assert metric('latchkey_connections_dropped_total') == 30
                # Those who have signed in are not counted.
                import http.client
                from botocore.auth import SigV4Auth
                from botocore.awsrequest import AWSRequest
                from botocore.credentials import Credentials
                def signed():
                    link = http.client.HTTPConnection('127.0.0.1', PORT, timeout=30, source_address=('127.0.2.1', 0))
                    request = AWSRequest('POST', f'http://127.0.0.1:{PORT}/', data=b'{"State":"Active"}',
                        headers={'X-Amz-Target': 'AmazonSSM.DescribeSessions', 'Content-Type': 'application/x-amz-json-1.1'})
                    SigV4Auth(Credentials(SERVER['accessKeyID'], SERVER['secretAccessKey']), 'ssm', SERVER['region']
                        ).add_auth(request)
                    link.request('POST', '/', b'{"State":"Active"}', dict(request.headers.items()))
                    answer = link.getresponse()
                    answer.read()
                    assert answer.status == 200, answer.status
                    return link
                kept = [signed() for _ in range(100)]
                for _ in range(100): dial('127.0.2.1')
                assert all(is_open(link.sock) for link in kept)
                """#
            )
        }

        @Test
        func `where there are more connections than descriptors, signed-in users are served and the server rests`()
            throws
        {
            try run(
                #"""
                def crowd(count):
                    links = []
                    for n in range(count):
                        try: links.append(dial(f'127.0.3.{1 + n % 200}'))
                        except OSError: pass
                    return links
                links = crowd(600)
                is_served()
                assert descriptors() <= 256
                # Fewer than it knew of when it started: the system itself refuses to accept.
                now = descriptors()
                subprocess.run(['prlimit', '--pid', SERVER_ID, f'--nofile={now + 4}'], check=True)
                links += crowd(100)
                # One that asks again and again whether it may accept never sleeps, however busy the machine is.
                def is_asleep():
                    for thread in os.listdir(f'/proc/{SERVER_ID}/task'):
                        try: state = open(f'/proc/{SERVER_ID}/task/{thread}/stat').read().rsplit(')')[1].split()[0]
                        except FileNotFoundError: continue
                        if state == 'R': return False
                    return True
                in_a_row, deadline = 0, time.monotonic() + 170
                while in_a_row < 100:
                    assert time.monotonic() < deadline, 'it never sleeps'
                    in_a_row = in_a_row + 1 if is_asleep() else 0
                    time.sleep(0.005)
                is_served()
                for link in links: link.close()
                """#,
                through: ["prlimit", "--nofile=256:256"]
            )
        }

        @Test func `channels that show no token make room for others`() throws {
            try run(
                #"""
                upgrade = b'GET /v1/data-channel/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' \
                    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
                # An opening is short: a longer frame is refused by its head, before any of it is kept.
                too_long = dial()
                too_long.sendall(upgrade + b'\x81\xfe' + struct.pack('>H', 8193) + bytes(4))
                said = b''
                while chunk := too_long.recv(4096): said += chunk
                assert said.endswith(b'\x88\x02' + struct.pack('>H', 1009)), said
                deadline = time.monotonic() + 5
                while time.monotonic() < deadline:
                    links = [dial(f'127.0.4.{n}') for n in range(1, 41)]
                    for link in links:
                        try: link.sendall(upgrade)
                        except OSError: pass
                    is_served()
                    for link in links: link.close()
                """#,
                options: ["--max-unauthenticated", "20"]
            )
        }

        @Test func `a long body is taken where its head names a key that is known`() throws {
            try run(
                #"""
                from botocore.auth import SigV4Auth
                from botocore.awsrequest import AWSRequest
                from botocore.credentials import Credentials
                def ask(size, digest=None, secret=None, body=None, key=None):
                    body = body or json.dumps({'State': 'Active', 'Filler': 'x' * size}).encode()
                    headers = {'X-Amz-Target': 'AmazonSSM.DescribeSessions', 'Content-Type': 'application/x-amz-json-1.1'}
                    if digest: headers['X-Amz-Content-SHA256'] = digest(body)
                    request = AWSRequest('POST', f'http://127.0.0.1:{PORT}/', data=body, headers=headers)
                    SigV4Auth(Credentials(key or SERVER['accessKeyID'], secret or SERVER['secretAccessKey']), 'ssm',
                        SERVER['region']).add_auth(request)
                    head = b'POST / HTTP/1.1\r\nContent-Length: %d\r\n' % len(body)
                    head += b''.join(f'{name}: {value}\r\n'.encode() for name, value in request.headers.items())
                    if 'Host' not in request.headers: head += f'Host: 127.0.0.1:{PORT}\r\n'.encode()
                    with dial() as link:
                        pour(link, head + b'Connection: close\r\n\r\n' + body)
                        return int(rest(link).split(b' ')[1])
                right = lambda body: hashlib.sha256(body).hexdigest()
                assert ask(1000) == 200
                assert ask(60000) == 200
                # As the stock tools sign: with nothing in the head that tells of the body.
                assert ask(900000) == ask(900000, right) == 200
                assert ask(1100000) == ask(1100000, right) == 413
                assert {ask(100000, secret='x' * 40), ask(100000, right, secret='x' * 40)} <= {400, 403}
                assert ask(60000, key='AKIAIOSFODNN7EXAMPLE') in (400, 403)
                assert ask(100000, key='AKIAIOSFODNN7EXAMPLE') == ask(100000, right, key='AKIAIOSFODNN7EXAMPLE') == 413
                # What was announced must come.
                assert ask(100000, lambda body: right(body + b' ')) in (400, 403)
                assert ask(100000, lambda body: 'UNSIGNED-PAYLOAD') in (400, 403)
                """#
            )
        }
    }
}
