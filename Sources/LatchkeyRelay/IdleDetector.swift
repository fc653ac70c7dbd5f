// SPDX-License-Identifier: Apache-2.0

/// Notices when traffic has come to rest.
struct IdleDetector {
    private var stirs = 0
    private var stirsBefore = 0
    private var wasBroken = false

    /// Something needs memory for a moment: a message, a connection that comes or goes.
    mutating func stir() { stirs &+= 1 }

    /// - Returns: true once, when nothing has stirred since the last look, but before that.
    mutating func hasReturned() -> Bool {
        let isCalm = stirs == stirsBefore
        defer {
            stirsBefore = stirs
            wasBroken = !isCalm
        }
        return isCalm && wasBroken
    }
}
