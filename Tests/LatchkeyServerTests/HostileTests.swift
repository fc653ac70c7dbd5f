// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What comes from the network is refused, counted and logged, and touches nobody else.
    struct Hostile {
        /// Runs a script while a session goes on, which it must not disturb.
        private func run(_ script: String, _ check: (TestRelay, String) throws -> Void) throws {
            try RelayTests.with { _, relay, agent in
                let answer = try relay.python(
                    HostileInput.prelude + "ssm, target = client(), sys.argv[2]\nbystander = Bystander()\n" + script
                        + "\nassert is_healthy()\nprint(bystander.end())",
                    agent.instanceID
                )
                try check(relay, answer)
            }
        }

        @Test func `HTTP that is none, too long or too slow`() throws {
            try run(
                #"""
                before = metric('latchkey_requests_refused_total')
                wrong = [b'\x00\x01\x02\x03\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'nonsense ' * 100 + b'\r\n\r\n',
                    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
                    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
                    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                    b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                    b'GET / HTTP/1.1\r\nA b: c\r\n\r\n']
                for chunks in wrong:
                    line = say(chunks)
                    assert line == '' or ' 400 ' in line, (chunks, line)
                assert metric('latchkey_requests_refused_total') > before
                flood = [b'GET /healthz HTTP/1.1\r\nHost: x\r\n'] + [b'X-%d: ' % n + b'y' * 100 + b'\r\n' for n in range(20000)]
                line = say(*flood, b'\r\n')
                assert line == '' or ' 400 ' in line or ' 431 ' in line, line
                line = say(b'GET /' + b'a' * 2000000 + b' HTTP/1.1\r\n\r\n')
                assert line == '' or ' 4' in line, line
                head = b'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSSM.StartSession\r\n'
                big = say(head + b'Content-Length: 10000000\r\n\r\n', *[b'x' * 100000] * 100)
                assert ' 413 ' in big, big
                chunks = [b'186a0\r\n' + b'x' * 100000 + b'\r\n'] * 100
                assert ' 413 ' in say(head + b'Transfer-Encoding: chunked\r\n\r\n', *chunks, b'0\r\n\r\n')
                # Begins as TLS does.
                say(b'\x16\x03\x01' + os.urandom(2000), ends=True)
                say(b'\x16', ends=True)
                for line in [b'DELETE / HTTP/1.1', b'GET / HTTP/1.1', b'GET /v1/data-channel/x HTTP/1.1', b'GET /../ HTTP/1.1']:
                    assert ' 404 ' in say(line + b'\r\nHost: x\r\nConnection: close\r\n\r\n'), line
                assert say(b'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: A\x00B\r\nContent-Length: 0\r\n\r\n')[-3:] != '200'
                # Many that take their time hold up none, and the oldest of them are dropped.
                slow = [dial() for _ in range(200)]
                def dribble(connection):
                    try: connection.sendall(b'T')
                    except ConnectionError: return False
                    return True
                for connection in slow: dribble(connection)
                for _ in range(3):
                    for connection in slow: dribble(connection)
                    assert is_healthy()
                    bystander.check()
                assert [dribble(connection) for connection in slow[:100] + slow[-40:]] == [False] * 100 + [True] * 40
                for connection in slow: connection.close()
                """#
            ) { (relay, answer) throws in
                #expect(answer == "6")
                #expect(try relay.metric("latchkey_requests_refused_total") > 10)
            }
        }

        @Test func `channels without a token, or with one that is used, old or another's`() throws {
            try run(
                #"""
                before = metric('latchkey_channels_refused_total')
                one, two = Session(ssm, target), Session(ssm, target)
                assert Channel('/v1/elsewhere').status == 404
                assert Channel(f'/v1/control-channel/{target}').status == 403
                forged = {'Authorization': 'AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host, Signature=z'}
                assert Channel(path(one.id), forged).status == 403
                refused = [Channel(path(one.id)).open(''), Channel(path(one.id)).open('0' * 64),
                    Channel(path('nobody-0123456789abcdef0')).open('0' * 64), two.channel().send(frame(1, b'{}')),
                    two.channel().send(frame(1, b'nonsense')), two.channel().send(frame(2, message('input_stream_data'))),
                    two.channel().send(frame(1, b'[' * 8000))]
                # Burnt by the first who shows it at the wrong place, so that nobody can try.
                refused += [two.channel().open(one.token), one.channel().open(one.token)]
                for channel in refused: assert channel.end() == 1008
                # A client that says it is the agent.
                assert two.channel().open(two.token, ClientInstanceId=target).end() == 1008
                three = Session(ssm, target)
                good = three.channel().open(three.token)
                opcode, first = good.next()
                assert opcode == 2 and b'output_stream_data' in first, first
                assert three.channel().open(three.token).end() == 1008
                # Longer than a first frame can be, by what it says and by what comes.
                assert Channel(path(three.id)).send(frame(1, b'', length=8193)).end() == 1009
                chunks = frame(1, b'x' * 3000, final=False) + frame(0, b'x' * 3000, final=False) * 2
                assert Channel(path(three.id)).send(chunks).end() == 1009
                # One that says nothing is not kept.
                assert Channel(path(three.id)).end() == 1008
                assert metric('latchkey_channels_refused_total') >= before + 13
                good.send(frame(9, b'there?'))
                while (opcode := good.next()[0]) != 10: assert opcode == 2
                for session in [one, two, three]: ssm.terminate_session(SessionId=session.id)
                """#
            ) { (relay, answer) throws in
                #expect(answer == "6")
                for reason in [
                    "a data channel without a valid token", "a data channel that begins otherwise",
                    "a client that says it is an agent",
                ] { #expect(try relay.logs(reason)) }
            }
        }

        @Test func `frames and messages that are malformed`() throws {
            try run(
                #"""
                before = metric('latchkey_channels_refused_total'), metric('latchkey_frames_refused_total')
                def end(*frames):
                    session = Session(ssm, target)
                    channel = session.channel().open(session.token)
                    channel.next()
                    for each in frames: channel.send(each)
                    code = channel.end()
                    ssm.terminate_session(SessionId=session.id)
                    return code
                data = message('input_stream_data')
                assert end(frame(2, data, masked=False)) == 1002
                assert end(frame(2, data, length=1 << 32)) in (1002, 1009)
                assert end(frame(2, data, length=(1 << 64) - 1)) in (1002, 1009)
                assert end(frame(3, data)) == 1002
                assert end(frame(0, data)) == 1002
                assert end(frame(2, data, final=False), frame(2, data)) == 1002
                assert end(frame(2, message('input_stream_data', header_length=0xFFFFFFF0))) == 1008
                assert end(frame(2, message('input_stream_data', header_length=0))) == 1008
                assert end(frame(2, message('input_stream_data', length=0xFFFFFFFF))) == 1008
                assert end(frame(2, message('input_stream_data', sequence=-1))) == 1008
                assert end(frame(2, message('input_stream_data', created=0))) == 1008
                assert end(frame(2, b'short')) == 1008
                assert end(frame(2, b'')) == 1008
                assert end(*[frame(2, os.urandom(200)) for _ in range(200)]) == 1008
                # What there is no such type of, or is not a client's to send, is passed over for a while.
                assert end(*[frame(2, message('no_such_type')) for _ in range(200)]) == 1008
                for kind in ['agent_session_state', 'interactive_shell', 'channel_closed', 'agent_task_complete',
                    'output_stream_data', 'pause_publication', 'start_publication']:
                    assert end(*[frame(2, message(kind, b'{"SessionState":"Terminating"}')) for _ in range(200)]) == 1008
                assert metric('latchkey_channels_refused_total') >= before[0] + 20
                assert metric('latchkey_frames_refused_total') >= before[1] + 100
                """#
            ) { (relay, answer) throws in
                #expect(answer == "6")
                for reason in ["a frame without a mask", "a message with a wrong header", "in a wrong order"] {
                    #expect(try relay.logs(reason))
                }
            }
        }

        @Test func `an agent survives what a client sends it`() throws {
            try run(
                #"""
                def survive(*payloads, document=None):
                    more = {'DocumentName': document, 'Parameters': {'portNumber': ['9']}} if document else {}
                    session = Session(ssm, target, **more)
                    channel = session.channel().open(session.token)
                    channel.next()
                    for kind, payload, sequence, payload_type in payloads:
                        channel.send(frame(2, message(kind, payload, sequence, payload_type)))
                    time.sleep(0.3)
                    ssm.terminate_session(SessionId=session.id)
                data, acknowledge = 'input_stream_data', 'acknowledge'
                survive((data, b'nonsense', 0, 6))
                survive((data, b'{}', 0, 6))
                survive((data, b'[' * 200000, 0, 6))
                survive((data, b'x', 1 << 62, 1), (data, b'x', 5, 1), (data, b'', 0, 1))
                survive(*[(acknowledge, payload, 0, 0) for payload in [b'nonsense', b'{}', b'[]', b'\xff' * 1000]])
                number = b'{"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"x",'
                number += b'"AcknowledgedMessageSequenceNumber":%d,"IsSequentialMessage":true}'
                survive(*[(acknowledge, number % value, 0, 0) for value in [-1, 1 << 62, -(1 << 63), 10 ** 30]])
                agree = b'{"ClientVersion":"1","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1}]}'
                sizes = [b'{"cols":%d,"rows":%d}' % pair for pair in [(0, 0), (-1, 5), (10 ** 9, 10 ** 9), (2 ** 70, 1)]]
                survive((data, agree, 0, 6), *[(data, size, n + 1, 3) for n, size in enumerate(sizes)])
                survive((data, agree, 0, 6), (data, b'KILLKILLKILLKILLKILL', 1, 14), (data, b'\x00\x00\x00\x09', 2, 10))
                survive((data, agree, 0, 6), (data, b'x' * 100, 1, 4294967295))
                survive((data, agree, 0, 6), (data, b'\xff' * 4000, 1, 1), document='AWS-StartPortForwardingSession')
                survive((data, agree, 0, 6), (data, b'\x01\x02' + b'\xff' * 6, 1, 1), document='AWS-StartPortForwardingSession')
                assert ssm.get_connection_status(Target=target)['Status'] == 'connected'
                """#
            ) { (relay, answer) throws in
                #expect(answer == "6")
                // It never had to connect again.
                #expect(try relay.log().components(separatedBy: "\"agent connected\"").count == 2)
            }
        }

        @Test func `memory stays small for who sends and never reads`() throws {
            try run(
                #"""
                [server] = subprocess.run(['pgrep', '-f', f'^[^ ]*latchkeyd run --listen 127.0.0.1:{PORT}'],
                    capture_output=True, text=True).stdout.split()
                def size():
                    return int(re.search(r'VmRSS:\s+(\d+)', open(f'/proc/{server}/status').read())[1])
                session = Session(ssm, target)
                channel = session.channel().open(session.token)
                channel.next()
                before = size()
                channel.connection.settimeout(5)
                pings = frame(9, b'x' * 125) * 4000
                try:
                    for _ in range(120): channel.connection.sendall(pings)
                except OSError:
                    pass
                assert size() < before + 40000, (before, size())
                channel.connection.close()
                ssm.terminate_session(SessionId=session.id)
                """#
            ) { _, answer in #expect(answer == "6") }
        }

        @Test func `an agent that speaks and never listens is held up, and nobody else is`() throws {
            try RelayTests.with { _, relay, _ in
                try TestAgent.with(relay, "db-1") { deaf in
                    // Its place is taken by a script.
                    try deaf.end(by: SIGTERM)
                    let role = try Signatures.role(deaf)
                    let answer = try relay.python(
                        HostileInput.prelude + Self.deafAgent,
                        deaf.instanceID,
                        role[0],
                        role[1],
                        role[2]
                    )
                    #expect(answer == "6")
                }
            }
        }

        private static let deafAgent = #"""
            from botocore.auth import SigV4Auth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
            target, *role = sys.argv[2:]
            control = f'/v1/control-channel/{target}'
            def signed(method, path, body=b''):
                request = AWSRequest(method, f'http://127.0.0.1:{PORT}{path}', data=body)
                SigV4Auth(Credentials(*role), 'ssmmessages', SERVER['region']).add_auth(request)
                return dict(request.headers.items())
            def presence(): return client().get_connection_status(Target=target)['Status']
            [server] = subprocess.run(['pgrep', '-f', f'^[^ ]*latchkeyd run --listen 127.0.0.1:{PORT}'],
                capture_output=True, text=True).stdout.split()
            def size(): return int(re.search(r'VmRSS:\s+(\d+)', open(f'/proc/{server}/status').read())[1])
            bystander = Bystander()
            request = urllib.request.Request(f'http://127.0.0.1:{PORT}{control}', b'{}', signed('POST', control, b'{}'))
            answer = urllib.request.urlopen(request, timeout=100).read().decode()
            path = control + '?role=subscribe&stream=input'
            channel = Channel(path, signed('GET', path))
            assert channel.status == 101, channel.status
            channel.open(re.search('<TokenValue>(.*)</TokenValue>', answer)[1])
            deadline = time.monotonic() + 180
            while presence() != 'connected': assert time.monotonic() < deadline
            before = size()
            done = {'SchemaVersion': 1, 'TaskId': 'x', 'Topic': 'agent_task_complete', 'FinalTaskStatus': 'Success',
                'IsRoutingFailure': False, 'AwsAccountId': '', 'InstanceId': target, 'Output': '', 'S3Bucket': '',
                'S3UrlSuffix': '', 'CwlGroup': '', 'CwlStream': '', 'RetryNumber': 1}
            flood = frame(2, message('agent_task_complete', json.dumps(done).encode(), payload_type=0)) * 1000
            channel.connection.settimeout(5)
            isHeldUp = False
            try:
                for _ in range(300): channel.connection.sendall(flood)
            except TimeoutError:
                isHeldUp = True
            assert isHeldUp
            assert size() < before + 40000, (before, size())
            bystander.check()
            # What it is told to do waits for it, and holds up nobody.
            begun = [client().start_session(Target=target)['SessionId'] for _ in range(10)]
            bystander.check()
            for session in begun: client().terminate_session(SessionId=session)
            assert is_healthy()
            channel.connection.close()
            while presence() == 'connected': assert time.monotonic() < deadline + 180
            print(bystander.end())
            """#
    }
}
