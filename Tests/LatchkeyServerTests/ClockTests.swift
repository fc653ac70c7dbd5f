// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// A latchkeyd whose clock is set while it runs.
    struct Clocks {
        private static let isThere = TestClock.isThere

        /// Says on what the suite runs: whoever reads its output learns what was not tried.
        @Test func `libfaketime is there, or clocks that jump are not tried`() {
            print(
                "latchkey: clocks that jump are \(Self.isThere ? "tried" : "NOT TESTED, LIBFAKETIME IS NOT INSTALLED")"
            )
        }

        @Test(.enabled(if: isThere))
        func `a clock that jumps by a day ends no session, and refuses who does not go with it`() throws {
            try Scratch.with { scratch in
                let clock = try TestClock(scratch)
                try TestRelay.with(scratch, through: clock.words, "--max-duration", "60") { relay in
                    try TestAgent.with(relay) { agent in
                        let answer = try relay.python(
                            Self.script,
                            agent.instanceID,
                            clock.path,
                            timeout: 4 * Execution.timeout
                        )
                        #expect(answer == "6")
                        try RelayTests.wait(for: "Terminated", relay, of: agent)
                        #expect(try relay.log().components(separatedBy: "\"agent connected\"").count == 2)
                    }
                }
            }
        }

        /// Jumps there and back with a session that runs.
        private static let script =
            HostileInput.prelude + #"""
                import datetime
                import botocore.auth as auth
                from unittest import mock
                target, clock = sys.argv[2], sys.argv[3]
                def ask(days):
                    """With what an operation is refused to somebody whose clock is so many days ahead."""
                    real = auth.get_current_datetime
                    def wrong(*arguments, **more): return real(*arguments, **more) + datetime.timedelta(days=days)
                    with mock.patch.object(auth, 'get_current_datetime', wrong):
                        try:
                            client().describe_sessions(State='Active')
                        except ClientError as error:
                            return error.response['Error']
                def jump(days):
                    with open(clock + '.new', 'w') as file: file.write(f'{days * 86400:+d}\n')
                    os.rename(clock + '.new', clock)
                def sessions(count):
                    """Waits until the relay has looked at its sessions' limits: it tells their number then."""
                    deadline = time.monotonic() + 180
                    while metric('latchkey_sessions') != count: assert time.monotonic() < deadline
                staying = Bystander()
                for days in [1, -1, 0, 400, 0]:
                    leaving = Bystander()
                    sessions(2)
                    jump(days)
                    staying.check()
                    assert leaving.end() == 6
                    sessions(1)
                    staying.check()
                    assert ask(days) is None, days
                    for other in {-400, -1, 0, 1, 400} - {days}:
                        refused = ask(other)
                        assert refused['Code'] == 'InvalidSignatureException', (days, other, refused)
                        assert 'expired' in refused['Message'], refused
                    assert is_healthy()
                    jump(0)
                print(staying.end())
                """#
    }
}
