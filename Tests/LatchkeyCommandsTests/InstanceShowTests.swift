// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import Testing

@testable import LatchkeyCommands

struct InstanceShowTests {
    private static func text(
        _ status: String,
        name: String? = nil,
        seen: Date? = nil,
        copied: Date? = nil
    ) -> [String] {
        var answer = GetConnectionStatus.Response(target: "mi-1", status: status)
        (answer.latchkeyAgentName, answer.latchkeyLastSeen, answer.latchkeyCopied) = (name, seen, copied)
        return InstanceShow.lines(answer).map { $0.0 + ":" + $0.1 }
    }

    @Test func `it is told whether the agent is there, and since when it is not`() {
        let date = Date(timeIntervalSince1970: 1_795_000_000)
        #expect(Self.text("connected") == ["agent:connected to the relay"])
        #expect(
            Self.text("notconnected", name: "latchkey-agent", seen: date)
                == ["agent:not connected to the relay since 2026-11-18T11:06:40Z"]
        )
        // An instance without an agent has nothing of that.
        #expect(Self.text("notconnected").isEmpty)
    }

    @Test func `Amazon's agent may stay away for long, and what helps is told`() {
        let shown = Self.text("notconnected", name: "amazon-ssm-agent", seen: Date(timeIntervalSince1970: 0))
        #expect(shown.count == 3)
        #expect(shown[1].contains("40 minutes") && shown[2].contains("systemctl restart amazon-ssm-agent"))
    }

    @Test func `a copied registration is told beside a connection`() {
        let shown = Self.text("connected", copied: Date(timeIntervalSince1970: 0))
        #expect(shown.count == 3 && shown[1].contains("second machine"))
    }
}
