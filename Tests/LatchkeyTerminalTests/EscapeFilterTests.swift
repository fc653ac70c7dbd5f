// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyTerminal

struct EscapeFilterTests {
    private func actions(_ chunks: String...) -> [EscapeFilter.Action] {
        var filter = EscapeFilter()
        return chunks.flatMap { filter.process(Array($0.utf8)) }
    }

    private func send(_ text: String) -> EscapeFilter.Action { .send(Array(text.utf8)) }

    @Test func `a tilde and a dot at the start of a line disconnect`() {
        #expect(actions("~.") == [.disconnect])
        #expect(actions("ls\r~.") == [send("ls\r"), .disconnect])
        #expect(actions("ls\r", "~", ".") == [send("ls\r"), .disconnect])
        #expect(actions("\n~.x") == [send("\n"), .disconnect, send("x")])
    }

    @Test func `inside a line a tilde is a tilde`() {
        #expect(actions("cd ~.") == [send("cd ~.")])
        #expect(actions("a", "~", ".") == [send("a"), send("~"), send(".")])
    }

    @Test func `two tildes send one, and the line has begun`() {
        #expect(actions("~~.") == [send("~.")])
    }

    @Test func `a tilde before anything else is sent with it`() {
        #expect(actions("~/bin\r") == [send("~/bin\r")])
        #expect(actions("~\r~.") == [send("~\r"), .disconnect])
    }

    @Test func `help and suspend are found`() {
        #expect(actions("~?") == [.help])
        #expect(actions("~\u{1A}~?") == [.suspend, .help])
    }

    @Test func `a tilde alone is held back until the next key`() {
        #expect(actions("~") == [])
    }
}

struct RemoteEndingTests {
    @Test func `statuses are a shell's`() {
        #expect(RemoteEnding.exited(status: 7).exitStatus == 7)
        #expect(RemoteEnding.signalled("KILL").exitStatus == 137)
        #expect(RemoteEnding.signalled("TERM").exitStatus == 143)
        #expect(RemoteEnding.unknown.exitStatus == nil)
    }
}
