// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport

/// Python for tests that speak to a latchkeyd as no decent program does: plain sockets, frames and messages made by hand.
enum HostileInput {
    static let prelude = Script.text("hostile_input")
}
