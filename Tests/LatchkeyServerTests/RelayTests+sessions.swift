// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport

extension RelayTests {
    /// The status of each session of an instance, the newest first, those that are alive before those that have ended.
    static func status(_ relay: TestRelay, of agent: TestAgent) throws -> [String] {
        let script = """
            ssm = client()
            for state in ['Active', 'History']:
                filters = [{'key': 'Target', 'value': sys.argv[2]}]
                for session in ssm.describe_sessions(State=state, Filters=filters)['Sessions']:
                    print(session['Status'])
            """
        return try relay.python(script, agent.instanceID).split(separator: "\n").map(String.init)
    }

    /// Waits until the newest session of an instance has a status.
    static func wait(for status: String, _ relay: TestRelay, of agent: TestAgent) throws {
        var last: [String] = []
        try TestRelay.wait(
            for: "a session that is \(status)",
            {
                last = try self.status(relay, of: agent)
                return last.first == status
            },
            otherwise: { "\(last)" }
        )
    }
}
