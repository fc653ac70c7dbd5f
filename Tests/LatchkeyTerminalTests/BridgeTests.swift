// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyTerminal
import Testing

/// The bridge with a process that says everything at once.
struct BridgeTests {
    private struct Silence: Error {}

    /// Has all of its output in memory: its descriptor never tells of it.
    private struct Talker: RemoteProcess, ~Copyable {
        private static let chunk = 1000

        let descriptor: Int32
        private(set) var left: Int

        init(_ descriptor: Int32, chunks: Int) {
            self.descriptor = descriptor
            left = chunks
        }

        var wantsToWrite: Bool { false }
        var inputRoom: Int { 0 }
        var ending: RemoteEnding? { left == 0 ? .exited(status: 3) : nil }

        mutating func read(_ stream: RemoteStream, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
            guard left > 0 else { return nil }
            guard stream == .output else { return 0 }
            left -= 1
            return min(Talker.chunk, buffer.count)
        }

        mutating func advance() {}
        mutating func write(_ bytes: UnsafeRawBufferPointer) -> Int { 0 }
        mutating func endInput() {}
        mutating func resize(to size: TerminalSize) {}
        mutating func send(signal name: String) {}
        /// Asked for when nothing was heard for long: it was slept over what is here.
        mutating func probe() throws { throw Silence() }
    }

    @Test func `output that has come already is never slept over`() throws {
        var (silent, output): ([Int32], [Int32]) = ([0, 0], [0, 0])
        try #require(pipe(&silent) == 0 && pipe(&output) == 0)
        defer { for descriptor in silent + output { close(descriptor) } }
        var options = Bridge.Options()
        options.forwardsInput = false
        // Less than a pipe takes, and more than the bridge moves before it looks after its other business.
        var process = Talker(silent[0], chunks: 50)
        var bridge = try Bridge(options, output: output[1])
        let outcome = try bridge.run(&process)
        #expect(outcome == .ended(.exited(status: 3)))
        var waiting: Int32 = 0
        try #require(ioctl(output[0], UInt(FIONREAD), &waiting) == 0)
        #expect(waiting == 50_000)
    }
}
