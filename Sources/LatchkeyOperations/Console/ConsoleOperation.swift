// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyRelay
internal import NIOCore

/// An operation of the console's own.
protocol ConsoleOperation: Operation {
    var console: ConsoleService { get }
}

extension ConsoleOperation {
    var sessions: ConsoleSessions { console.sessions }
    var pool: BlockingPool { console.pool }
}
