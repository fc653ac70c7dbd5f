// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

struct ExplainTests {
    private func json(_ scratch: Scratch, _ arguments: String...) throws -> [String: Any] {
        let run = try Execution.require(
            [Scratch.program, "explain", "web-1", "--output", "json"] + arguments,
            environment: scratch.environment
        )
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }

    @Test func `the chosen key, the refused ones and the road are told without logging in`() throws {
        try ConnectCommandTests.with { scratch, instance in
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.sshFolder)/spare"])
            try scratch.write("\(scratch.sshFolder)/open", try scratch.read("\(scratch.sshFolder)/spare"), mode: 0o644)
            #expect((try json(scratch)["keys"] as? [Any])?.count == 1)
            let explanation = try json(scratch, "--all")
            let subject = try #require(explanation["instance"] as? [String: Any])
            #expect(subject["matchedBy"] as? String == "name")
            #expect(subject["port"] as? Int == instance.port)
            let keys = try #require(explanation["keys"] as? [[String: Any]])
            func verdict(_ name: String) -> String? {
                keys.first { ($0["key"] as? String)?.hasSuffix(name) == true }?["verdict"] as? String
            }
            #expect(verdict("/web.pem") == "chosen")
            #expect(verdict("/spare") == "untried")
            #expect(verdict("/open") == "unusable")
            let roads = try #require(explanation["roads"] as? [[String: Any]])
            #expect(roads.first?["road"] as? String == "ssh")
            #expect(roads.first?["isOpen"] as? Bool == true)
            #expect(!(try instance.log()).contains("Accepted publickey"))
            let words = try scratch.latchkey("explain", "web-1", "--all").text
            #expect(words.contains("key       + "))
            #expect(words.contains("can be read by others"))
        }
    }

    @Test func `an instance that cannot be reached is explained, not failed`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:9", "--key", "gone")
            let explanation = try json(scratch)
            let roads = try #require(explanation["roads"] as? [[String: Any]])
            #expect(roads.first?["isOpen"] as? Bool == false)
            #expect((roads.first?["reason"] as? String)?.contains("connection refused") == true)
            let advice = try #require(explanation["advice"] as? [String])
            #expect(advice.contains { $0.contains("latchkey key import 'gone' FILE") })
            #expect((try json(scratch, "--offline")["roads"] as? [Any])?.isEmpty == true)
        }
    }
}
