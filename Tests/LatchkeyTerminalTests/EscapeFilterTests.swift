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

struct PickListTests {
    private let lines = ["web-1  prod", "web-2  test", "db-1   prod"]

    @Test func `typing narrows, Return chooses`() {
        var list = PickList(lines)
        #expect(list.type(Array("pr".utf8)) == .open)
        #expect(list.matches == [0, 2])
        #expect(list.type(Array(" DB".utf8)) == .open)
        #expect(list.matches == [2])
        #expect(list.type([0x0D]) == .chose(2))
    }

    @Test func `arrows move and stop at the ends`() {
        var list = PickList(lines)
        #expect(list.type(Array("\u{1B}[B\u{1B}[B\u{1B}[B".utf8)) == .open)
        #expect(list.marked == 2)
        #expect(list.type(Array("\u{1B}OA".utf8)) == .open)
        #expect(list.type([0x0A]) == .chose(1))
    }

    @Test func `Return chooses nothing where nothing matches`() {
        var list = PickList(lines)
        #expect(list.type(Array("zzz\r".utf8)) == .open)
        #expect(list.type([0x15]) == .open)
        #expect(list.matches == [0, 1, 2])
        #expect(list.type([0x1B]) == .left)
        #expect(list.type([0x04]) == .left)
        #expect(list.type([0x03]) == .interrupted)
    }

    @Test func `a character may come in two reads`() {
        var list = PickList(["größe", "grosse"])
        #expect(list.type([0x67, 0x72, 0xC3]) == .open)
        #expect(list.query == "gr")
        #expect(list.type([0xB6]) == .open)
        #expect(list.matches == [0])
    }

    @Test func `a line never reaches the terminal's edge`() {
        let list = PickList([String(repeating: "x", count: 300)])
        let widths = list.screen(prompt: "> ", columns: 40, rows: 5).split(separator: "\n")
            .map { line in
                line.filter { $0 == "x" }.count
            }
        #expect(widths.max() == 37)
        let wide = PickList([String(repeating: "漢", count: 300)]).screen(prompt: "> ", columns: 40, rows: 5)
        #expect(wide.count { $0 == "漢" } == 18)
    }
}
