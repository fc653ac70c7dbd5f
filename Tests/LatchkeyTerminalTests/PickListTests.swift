// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyTerminal

struct PickListTests {
    private let items = [item("web-1", "env=prod"), item("web-2", "env=test"), item("db-1", "env=prod")]

    private static func item(_ fields: String...) -> PickItem {
        PickItem(line: fields.joined(separator: "  "), fields: fields)
    }

    /// The names that are left, in their order.
    private func left(of names: [String], by query: String) -> [String] {
        var list = PickList(names.map { Self.item($0) })
        #expect(list.type(Array(query.utf8)) == .open)
        return list.matches.map { names[$0] }
    }

    @Test func `letters in their order are enough, and what fits best stands first`() {
        let apps = (1...12).map { "app-\($0)" }
        #expect(left(of: apps, by: "ap1") == ["app-1", "app-10", "app-11", "app-12"])
        #expect(left(of: apps, by: "app12") == ["app-12"])
        #expect(left(of: ["backup-web-old", "web-1", "aweber"], by: "web") == ["web-1", "backup-web-old", "aweber"])
        #expect(left(of: ["web-prod-1", "web-dev-1"], by: "wp1") == ["web-prod-1"])
        #expect(left(of: apps, by: "1ap").isEmpty)
        #expect(left(of: apps, by: "") == apps)
    }

    @Test func `each word is looked for in each field by itself`() {
        var list = PickList([
            Self.item("web-1", "i-0a1b", "10.0.0.7", "env=prod"), Self.item("web-2", "i-0c2d", "10.0.0.8", "env=test"),
        ])
        for (query, found) in [("10007", [0]), ("i0c", [1]), ("test web", [1]), ("envweb", []), ("WEB", [0, 1])] {
            #expect(list.type([0x15] + Array(query.utf8)) == .open)
            #expect(list.matches == found, "\(query)")
        }
    }

    @Test func `typing narrows, Return chooses`() {
        var list = PickList(items)
        #expect(list.type(Array("pr".utf8)) == .open)
        #expect(list.matches == [2, 0])
        #expect(list.type(Array(" DB".utf8)) == .open)
        #expect(list.matches == [2])
        #expect(list.type([0x0D]) == .chose(2))
    }

    @Test func `arrows move and stop at the ends`() {
        var list = PickList(items)
        #expect(list.type(Array("\u{1B}[B\u{1B}[B\u{1B}[B".utf8)) == .open)
        #expect(list.marked == 2)
        #expect(list.type(Array("\u{1B}OA".utf8)) == .open)
        #expect(list.type([0x0A]) == .chose(1))
    }

    @Test func `Return chooses nothing where nothing matches`() {
        var list = PickList(items)
        #expect(list.type(Array("zzz\r".utf8)) == .open)
        #expect(list.type([0x15]) == .open)
        #expect(list.matches == [0, 1, 2])
        #expect(list.type([0x1B]) == .left)
        #expect(list.type([0x04]) == .left)
        #expect(list.type([0x03]) == .interrupted)
    }

    @Test func `a character may come in two reads`() {
        var list = PickList([Self.item("größe"), Self.item("grosse")])
        #expect(list.type([0x67, 0x72, 0xC3]) == .open)
        #expect(list.query == "gr")
        #expect(list.type([0xB6]) == .open)
        #expect(list.matches == [0])
    }

    @Test func `a line never reaches the terminal's edge`() {
        let list = PickList([Self.item(String(repeating: "x", count: 300))])
        let widths = list.screen(prompt: "> ", columns: 40, rows: 5).split(separator: "\n")
            .map { line in
                line.filter { $0 == "x" }.count
            }
        #expect(widths.max() == 37)
        let wide = PickList([Self.item(String(repeating: "漢", count: 300))]).screen(prompt: "> ", columns: 40, rows: 5)
        #expect(wide.count { $0 == "漢" } == 18)
    }
}
