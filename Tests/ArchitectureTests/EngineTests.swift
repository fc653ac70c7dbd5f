// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

struct EngineTests {
    /// Says on what the suite runs. Continuous integration must have the real thing.
    @Test func `instances are containers`() {
        let engine = Engine.current
        print(
            "latchkey: instances in this run are \(engine == .docker ? "containers" : "PRIVATE SSHDS, NOT CONTAINERS")"
        )
        #expect(engine == .docker || ProcessInfo.processInfo.environment["CI"] != "true")
    }
}
