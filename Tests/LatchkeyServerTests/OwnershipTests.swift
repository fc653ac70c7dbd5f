// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// Whose sessions are, and what becomes of them when their owner's access keys or their instance are gone.
    struct Ownership {
        private static let prelude =
            HostileInput.prelude + #"""
                TARGET, DAEMON = sys.argv[2], os.environ['DAEMON']
                def delete(key): subprocess.run([DAEMON, 'access-key', 'delete', key[0]], check=True)
                def last_words(channel):
                    """What a channel says at its end: the reason, and the code with which it is closed."""
                    reason = None
                    while True:
                        try:
                            opcode, payload = channel.next()
                        except ConnectionError:
                            return reason, None
                        if opcode == 8: return reason, struct.unpack('>H', payload[:2])[0]
                        if b'channel_closed' in payload[:40]: reason = json.loads(payload[120:])['Output']

                """#

        private func run(_ script: String, _ check: (Scratch, TestRelay, TestAgent, String) throws -> Void) throws {
            try RelayTests.with { scratch, relay, agent in
                let answer = try relay.python(
                    Self.prelude + script,
                    agent.instanceID,
                    timeout: 300
                )
                try check(scratch, relay, agent, answer)
            }
        }

        @Test func `only its owner and admins see, resume and end a session, with any of their access keys`() throws {
            try run(
                #"""
                first, second, other = access_key('ann'), access_key('ann'), access_key('bob')
                session = client(*first).start_session(Target=TARGET)['SessionId']
                for call in [client(*other).resume_session, client(*other).terminate_session]:
                    assert code(call, SessionId=session) == 'AccessDeniedException', call
                    assert code(call, SessionId='ann-0123456789abcdef0') == 'DoesNotExistException'
                def shown(*key, **more):
                    sessions = client(*key).describe_sessions(State='Active', **more)['Sessions']
                    return [s['Owner'].split('/')[-1] for s in sessions if s['SessionId'] == session]
                # The first key, which init made, is an admin's.
                assert shown(*first) == shown(*second) == shown() == ['ann'] and shown(*other) == []
                ann = 'arn:aws:iam::000000000000:user/ann'
                assert shown(*other, Filters=[{'key': 'Owner', 'value': ann}]) == []
                assert client().resume_session(SessionId=session)['TokenValue']
                assert client(*second).resume_session(SessionId=session)['TokenValue']
                assert client(*second).terminate_session(SessionId=session)['SessionId'] == session
                assert wait(lambda: listed('History').get(session))['Status'] == 'Terminated'
                # Another user does not even hear that it has ended.
                assert code(client(*other).resume_session, SessionId=session) == 'AccessDeniedException'
                assert 'TokenValue' not in client(*second).resume_session(SessionId=session)
                print('good')
                """#
            ) { _, _, _, answer in #expect(answer == "good") }
        }

        /// With the stock tools, and with our own client where those have no word for it.
        @Test func `two users who are no admins have no part in each other's sessions`() throws {
            try RelayTests.with { scratch, relay, _ in
                let output = try relay.shell(
                    #"""
                    mkdir "$WORK/plugin"
                    printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] && echo 1.2.707.0 || echo "$AWS_SSM_START_SESSION_RESPONSE"' \
                        >"$WORK/plugin/session-manager-plugin"
                    chmod +x "$WORK/plugin/session-manager-plugin"
                    export PATH=$WORK/plugin:$PATH
                    for user in ann bob 'eve --admin'; do
                        "$DAEMON" access-key create $user | sed 's/.* = //' >"$WORK/${user% *}.key"
                    done
                    as() {
                        local name=$1
                        shift
                        AWS_ACCESS_KEY_ID=$(sed -n 1p "$WORK/$name.key") AWS_SECRET_ACCESS_KEY=$(sed -n 2p "$WORK/$name.key") \
                            aws ssm "$@"
                    }
                    list() { as "$1" describe-sessions --state "$2" --query 'Sessions[].SessionId' | tr '\t' '\n' | grep "$session"; }
                    target=$(aws ssm describe-instance-information --query 'InstanceInformationList[0].InstanceId')
                    session=$(as ann start-session --target "$target" | grep -o 'ann-[0-9a-f]*' | head -n 1)
                    echo "$session" >"$WORK/session"
                    [ "$(list ann Active)" = "$session" ] && [ "$(list eve Active)" = "$session" ] || echo 'not listed'
                    list bob Active && echo 'listed for another user'
                    for action in resume-session terminate-session; do
                        as bob $action --session-id "$session" 2>&1 | grep -o 'AccessDeniedException'
                    done
                    [ "$(list ann Active)" = "$session" ] || echo 'ended'
                    as eve resume-session --session-id "$session" --query SessionId
                    """#
                )
                let session = try scratch.read("\(scratch.path)/session")
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(output == "AccessDeniedException\nAccessDeniedException\n\(session)\n")
                let bob = try scratch.read("\(scratch.path)/bob.key").split(separator: "\n").map(String.init)
                try Scratch.with { elsewhere in
                    let profile = try relay.profile(in: elsewhere, key: (bob[0], bob[1]))
                    let attached = try elsewhere.latchkey("session", "attach", session, environment: profile)
                    #expect(
                        attached.status != 0 && attached.error.contains("no session '\(session)' is running"),
                        "\(attached)"
                    )
                }
                let end = try relay.shell(
                    #"""
                    export AWS_ACCESS_KEY_ID=$(sed -n 1p "$WORK/eve.key") AWS_SECRET_ACCESS_KEY=$(sed -n 2p "$WORK/eve.key")
                    aws ssm terminate-session --session-id "$(cat "$WORK/session")"
                    """#
                )
                #expect(end == "\(session)\n")
            }
        }

        @Test func `a session is not taken over by another user`() throws {
            try run(
                #"""
                other = access_key('bob')
                bystander = Bystander()
                [session] = listed('Active')
                assert code(client(*other).resume_session, SessionId=session) == 'AccessDeniedException'
                bystander.check()
                # A token of the other's own session is for that one.
                theirs = client(*other).start_session(Target=TARGET)
                assert Channel(path(session)).open(theirs['TokenValue']).end() == 1008
                bystander.check()
                client(*other).terminate_session(SessionId=theirs['SessionId'])
                print(bystander.end())
                """#
            ) { _, _, _, answer in #expect(answer == "6") }
        }

        @Test func `an access key that is deleted takes its tokens and its channels with it`() throws {
            try run(
                #"""
                first, second = access_key('ann'), access_key('ann')
                began, unused = Session(client(*first), TARGET), Session(client(*first), TARGET)
                resumed = client(*first).resume_session(SessionId=unused.id)['TokenValue']
                channel = began.channel().open(began.token)
                assert channel.next()[0] == 2
                bystander = Bystander()
                delete(first)
                assert code(client(*first).describe_sessions, State='Active') == 'UnrecognizedClientException'
                reason, closed = last_words(channel)
                assert reason == 'the access key was deleted' and closed is not None, (reason, closed)
                for token in [unused.token, resumed]: assert unused.channel().open(token).end() == 1008
                # The sessions are still their owner's, who has another key.
                assert wait(lambda: listed('Active').get(began.id))['Status'] == 'Disconnected'
                again = client(*second).resume_session(SessionId=began.id)['TokenValue']
                back = began.channel().open(again)
                assert back.next()[0] == 2
                # Now the owner has none left.
                delete(second)
                reason, closed = last_words(back)
                assert reason and "owner" in reason, reason
                for session in [began, unused]:
                    ended = wait(lambda: listed('History').get(session.id))
                    assert ended['Status'] == 'Terminated' and 'owner' in ended['Details'], ended
                print(bystander.end())
                """#
            ) { _, _, _, answer in #expect(answer == "6") }
        }

        @Test func `a removed instance takes its agent's channels and sessions with it`() throws {
            try RelayTests.with { scratch, relay, _ in
                try TestAgent.with(relay, "db-1") { agent in
                    let role = try Signatures.role(agent)
                    let answer = try relay.python(
                        Self.prelude + #"""
                            role = sys.argv[4:7]
                            bystander = Bystander()
                            session = Session(client(), TARGET)
                            channel = session.channel().open(session.token)
                            assert channel.next()[0] == 2
                            assert client().get_connection_status(Target=TARGET)['Status'] == 'connected'
                            subprocess.run([os.environ['PROGRAM'], 'instance', 'remove', 'db-1'], check=True,
                                capture_output=True)
                            reason, closed = last_words(channel)
                            assert reason == 'the instance was removed' and closed is not None, (reason, closed)
                            wait(lambda: client().get_connection_status(Target=TARGET)['Status'] == 'notconnected')
                            assert wait(lambda: listed('History').get(session.id))['Status'] == 'Terminated'
                            assert code(client().start_session, Target=TARGET) == 'TargetNotConnected'
                            assert code(client(*role).list_associations) == 'UnrecognizedClientException'
                            assert metric('latchkey_agents') == 1 or wait(lambda: metric('latchkey_agents') == 1)
                            print(bystander.end())
                            """#,
                        agent.instanceID,
                        Scratch.program(named: "latchkeyd"),
                        role[0],
                        role[1],
                        role[2]
                    )
                    #expect(answer == "6")
                    #expect(try relay.logs("\"agent disconnected\""))
                }
            }
        }

        @Test func `so does one that is being terminated, though it is still told of`() throws {
            try RelayTests.with { _, relay, _ in
                try TestAgent.with(relay, "db-1") { agent in
                    let role = try Signatures.role(agent)
                    // As TerminateInstances leaves it until its container is gone.
                    let sql = "UPDATE instance SET state = 'shutting-down' WHERE id = '\(agent.instanceID)'"
                    try relay.scratch.execute(sql)
                    let answer = try relay.python(
                        Self.prelude + #"""
                            role = sys.argv[4:7]
                            wait(lambda: client().get_connection_status(Target=TARGET)['Status'] == 'notconnected')
                            assert code(client(*role).list_associations) == 'UnrecognizedClientException'
                            known = client().describe_instance_information()['InstanceInformationList']
                            print(TARGET in [instance['InstanceId'] for instance in known])
                            """#,
                        agent.instanceID,
                        Scratch.program(named: "latchkeyd"),
                        role[0],
                        role[1],
                        role[2]
                    )
                    #expect(answer == "True")
                }
            }
        }

        @Test func `an end that could not be written down is told of all the same`() throws {
            try run(
                #"""
                import sqlite3
                def execute(sql):
                    database = sqlite3.connect(HOME + '/latchkey.db', timeout=60)
                    database.executescript(sql)
                    database.commit()
                    database.close()
                session, other = Session(client(), TARGET), Session(client(), TARGET)
                execute("CREATE TRIGGER t BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'not now'); END")
                client().terminate_session(SessionId=session.id)
                assert listed('Active').keys() == {other.id}, listed('Active')
                assert 'TokenValue' not in client().resume_session(SessionId=session.id)
                client().terminate_session(SessionId=session.id)
                execute('DROP TRIGGER t')
                assert wait(lambda: listed('History').get(session.id))['Status'] == 'Terminated'
                # One that only the store takes for alive is ended there.
                client().terminate_session(SessionId=other.id)
                wait(lambda: listed('History').get(other.id))
                execute(f"UPDATE session SET ended = NULL, status = 'Connected' WHERE id = '{other.id}'")
                assert listed('Active').keys() == {other.id}
                client().terminate_session(SessionId=other.id)
                assert wait(lambda: listed('History').get(other.id))['Status'] == 'Terminated'
                print('good')
                """#
            ) { _, _, _, answer in #expect(answer == "good") }
        }
    }
}
