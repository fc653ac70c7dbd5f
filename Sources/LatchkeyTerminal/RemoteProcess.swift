// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeySystem

/// A command or shell that runs on an instance, whichever road leads to it. Nothing here waits.
package protocol RemoteProcess: ~Copyable {
    /// Becomes readable when ``advance()`` has something to do.
    var descriptor: Int32 { get }

    /// Whether ``advance()`` also waits for `descriptor` to be writable.
    var wantsToWrite: Bool { get }

    /// Sends and receives what can be sent and received now.
    mutating func advance() throws

    /// Moves output that has arrived into `buffer`.
    ///
    /// - Returns: how many bytes; 0 if none are there now; nil after the last one.
    mutating func read(_ stream: RemoteStream, into buffer: UnsafeMutableRawBufferPointer) throws -> Int?

    /// How many bytes of input would be accepted now.
    var inputRoom: Int { get }

    /// Sends input, at most ``inputRoom`` bytes.
    ///
    /// - Returns: how many were accepted.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws -> Int

    /// Lets the process see the end of its input. Output still comes.
    mutating func endInput() throws

    /// Tells the size that the terminal has now; nothing happens where there is none.
    mutating func resize(to size: TerminalSize) throws

    /// Asks the instance to send this signal to the process; `name` without `SIG`.
    mutating func send(signal name: String) throws

    /// Asks for a sign of life; any answer makes ``descriptor`` readable.
    mutating func probe() throws

    /// How the process ended; nil while it runs.
    var ending: RemoteEnding? { get }

    /// Milliseconds until ``advance()`` is wanted even if `descriptor` stays silent; nil for no such time.
    var waitTime: Int? { get }

    /// Whether it has lost its connection and is looking for another one: its silence is no surprise then.
    var isAway: Bool { get }

    /// The instance does not answer. A process that can come back over another connection goes for one.
    ///
    /// - Throws: what ends the bridge, where there is no other way.
    mutating func abandonConnection(silentFor seconds: Int) throws

    /// A line for the user about what happened to the connection, once; safe for a terminal.
    mutating func takeNotice() -> String?
}

extension RemoteProcess where Self: ~Copyable {
    /// What to wait for before ``advance()``.
    ///
    /// - Parameter writes: whether there is input for it.
    package func interest(writes: Bool) -> PollSet.Interest {
        let isWritable = wantsToWrite || (writes && inputRoom > 0)
        return PollSet.Interest(descriptor, isWritable ? [.readable, .writable] : .readable)
    }

    package var waitTime: Int? { nil }
    package var isAway: Bool { false }

    package mutating func abandonConnection(silentFor seconds: Int) throws {
        throw LatchkeyError(
            .connectionLost,
            "the instance has not answered for \(seconds) s",
            hint: "it, or the network between, went away; connect again"
        )
    }

    package mutating func takeNotice() -> String? { nil }
}
