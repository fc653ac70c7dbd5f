// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What the official plugin does on the wire, in its several versions, done by a script.
    struct OfficialClients {
        private static let prelude =
            HostileInput.prelude + #"""
                from botocore.auth import SigV4Auth
                from botocore.awsrequest import AWSRequest
                from botocore.credentials import Credentials
                ssm, target = client(), sys.argv[2]
                def signed(session, key, secret, service='ssmmessages', path=path):
                    """A data channel whose request is signed as the plugin does it since 1.2.764.0."""
                    request = AWSRequest('GET', f'http://127.0.0.1:{PORT}{path(session)}', headers={'Host': f'127.0.0.1:{PORT}'})
                    SigV4Auth(Credentials(key, secret), service, SERVER['region']).add_auth(request)
                    return Channel(path(session), {name: request.headers[name] for name in ['Authorization', 'X-Amz-Date']})
                def own(session, **more): return signed(session, SERVER['accessKeyID'], SERVER['secretAccessKey'], **more)
                class Plugin:
                    """A shell's client: answers the handshake and tells a size, and keeps what has come."""
                    def __init__(self, session, channel, acknowledges=True):
                        self.session, self.channel, self.acknowledges = session, channel, acknowledges
                        self.sent, self.output, self.closed, self.reason = 0, {}, False, None
                        channel.open(session.token)
                    def input(self, kind, payload):
                        self.channel.send(frame(2, message('input_stream_data', payload, self.sent, kind)))
                        self.sent += 1
                    def step(self):
                        opcode, data = self.channel.next()
                        if opcode == 8: self.closed = True
                        if opcode != 2: return
                        kind, sequence, payload_type, payload = data[4:36].strip(), *struct.unpack('>Q', data[48:56]), \
                            *struct.unpack('>I', data[112:116]), data[120:]
                        if kind == b'channel_closed': self.reason = json.loads(payload)['Output']
                        if kind != b'output_stream_data': return
                        if payload_type == 5:
                            request = json.loads(payload)
                            actions = [{'ActionType': action['ActionType'], 'ActionStatus': 1, 'ActionResult': None, 'Error': ''}
                                for action in request['RequestedClientActions']]
                            if not self.sent:
                                self.input(6, json.dumps({'ClientVersion': '1.2.764.0', 'ProcessedClientActions': actions,
                                    'Errors': []}).encode())
                        if payload_type == 7 and self.sent == 1: self.input(3, b'{"cols": 80, "rows": 24}')
                        if payload_type in (1, 11, 12): self.output[sequence] = payload
                        if self.acknowledges or payload_type != 1:
                            content = {'AcknowledgedMessageType': 'output_stream_data', 'AcknowledgedMessageId':
                                str(uuid.UUID(bytes=data[72:80] + data[64:72])), 'AcknowledgedMessageSequenceNumber': sequence,
                                'IsSequentialMessage': True}
                            self.channel.send(frame(2, message('acknowledge', json.dumps(content).encode(), payload_type=0)))
                    def text(self): return b''.join(payload for _, payload in sorted(self.output.items()))
                    def until(self, what):
                        while not what(): self.step()

                """#

        private func run(_ script: String) throws {
            try RelayTests.with { _, relay, agent in
                let answer = try relay.python(
                    Self.prelude + script + "\nprint('good')",
                    agent.instanceID,
                    timeout: 300
                )
                #expect(answer == "good")
            }
        }

        @Test func `a data channel that the session's owner has signed is its client's`() throws {
            try run(
                #"""
                session = Session(ssm, target)
                plugin = Plugin(session, own(session.id))
                plugin.until(lambda: plugin.output)
                plugin.input(1, b'echo $((40 + 2)) in\n')
                plugin.until(lambda: b'42 in' in plugin.text())
                # As are those of older ones, which sign nothing.
                session = Session(ssm, target)
                plugin = Plugin(session, session.channel())
                plugin.until(lambda: plugin.output)
                # The token is wanted all the same, and everything that is wrong with a signature is refused.
                session, other = Session(ssm, target), access_key('bob')
                assert own(session.id).open('0' * 64).end() == 1008
                assert signed(session.id, *other).open(session.token).end() == 1008
                assert signed(session.id, SERVER['accessKeyID'], 'x' * 40).status == 403
                assert signed(session.id, 'AKIAIOSFODNN7EXAMPLE', 'x' * 40).status == 403
                assert own(session.id, service='ssm').status == 403
                # A user is no agent.
                assert own(target, path=lambda id: f'/v1/control-channel/{id}').status == 403
                """#
            )
        }

        @Test func `a command's streams are told apart by prefixes`() throws {
            try run(
                #"""
                def ask(command, output, error):
                    session = Session(ssm, target, DocumentName='AWS-StartNonInteractiveCommand', Parameters={'command': [command],
                        'separateOutputStream': ['true'], 'stdOutSeparatorPrefix': [output], 'stdErrSeparatorPrefix': [error]})
                    plugin = Plugin(session, session.channel())
                    try:
                        plugin.until(lambda: plugin.reason is not None)
                    except ConnectionError: pass
                    return plugin
                plugin = ask("sh -c 'echo one; sleep 0.3; printf two; sleep 0.3; echo three >&2; sleep 0.3; echo four; exit 5'",
                    'OUT:\n', 'ERR:')
                assert plugin.text() == b'OUT:\none\nOUT:\ntwoERR:three\nfour\nEXIT_CODE: 5', plugin.text()
                plugin = ask('true', 'OUT@', 'ERR:')
                assert 'stdOutSeparatorPrefix' in plugin.reason, plugin.reason
                assert ask('true', 'x' * 31, 'E:').reason and not ask('true', 'x' * 30, 'E:').reason
                """#
            )
        }

        @Test func `a terminal that does not keep up gets little beforehand`() throws {
            try run(
                #"""
                session = Session(ssm, target)
                plugin = Plugin(session, session.channel())
                plugin.until(lambda: plugin.output)
                plugin.acknowledges = False
                plugin.input(1, b'yes 0123456789012345678901234567890123456789\n')
                plugin.until(lambda: len(plugin.text()) > 16 * 1024)
                plugin.channel.connection.settimeout(3)
                try:
                    while True: plugin.step()
                except TimeoutError: pass
                assert len(plugin.text()) <= 64 * 1024, len(plugin.text())
                """#
            )
        }

        @Test func `a session whose client has ended before anything was typed ends, another one stays`() throws {
            try run(
                #"""
                plugins = []
                for _ in range(3):
                    session = Session(ssm, target)
                    plugin = Plugin(session, session.channel())
                    plugin.until(lambda: plugin.output)
                    plugins.append(plugin)
                left, typed, back = plugins
                typed.input(1, b'echo $((40 + 2)) in\n')
                typed.until(lambda: b'42 in' in typed.text())
                for plugin in plugins: plugin.channel.connection.close()
                # One that comes back in time goes on.
                back.session.token = ssm.resume_session(SessionId=back.session.id)['TokenValue']
                back.channel = back.session.channel().open(back.session.token)
                wait(lambda: listed('History').get(left.session.id))
                assert {typed.session.id, back.session.id} <= set(listed('Active'))
                assert listed('Active')[typed.session.id]['Status'] == 'Disconnected'
                for plugin in [typed, back]: ssm.terminate_session(SessionId=plugin.session.id)
                """#
            )
        }

        @Test func `a server that stops cuts its clients' connections and says no goodbye`() throws {
            try run(
                #"""
                session = Session(ssm, target)
                plugin = Plugin(session, session.channel())
                plugin.until(lambda: plugin.output)
                [server] = subprocess.run(['pgrep', '-f', f'^[^ ]*latchkeyd run --listen 127.0.0.1:{PORT}'],
                    capture_output=True, text=True).stdout.split()
                os.kill(int(server), 15)
                try:
                    while True: plugin.step()
                except ConnectionError: pass
                assert not plugin.closed
                """#
            )
        }
    }
}
