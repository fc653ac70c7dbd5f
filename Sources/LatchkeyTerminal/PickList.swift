// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// The state of a ``Picker``: what was typed, what is left of the list, which line is marked.
struct PickList {
    enum Outcome: Equatable {
        case open
        case chose(Int)
        case left
        case interrupted
    }

    private let items: [PickItem]
    private(set) var query = ""
    private(set) var matches: [Int]
    private(set) var marked = 0
    private var pending: [UInt8] = []

    init(_ items: [PickItem]) {
        self.items = items
        matches = Array(items.indices)
    }

    /// What keys do: text narrows, arrows or Ctrl-P and Ctrl-N move, Return chooses, Escape or Ctrl-D leaves.
    mutating func type(_ bytes: some Collection<UInt8>) -> Outcome {
        var rest = (pending + Array(bytes))[...]
        pending = []
        while let byte = rest.first {
            switch byte {
            case 0x1B:
                if rest.count == 1 { return .left }
                let sequence = Array(rest.prefix(3))
                if sequence == [0x1B, UInt8(ascii: "["), UInt8(ascii: "A")]
                    || sequence == [0x1B, UInt8(ascii: "O"), UInt8(ascii: "A")]
                {
                    move(-1)
                } else if sequence == [0x1B, UInt8(ascii: "["), UInt8(ascii: "B")]
                    || sequence == [0x1B, UInt8(ascii: "O"), UInt8(ascii: "B")]
                {
                    move(1)
                }
                rest = rest.dropFirst(sequence.count)
                continue
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                if matches.indices.contains(marked) { return .chose(matches[marked]) }
            case 0x03: return .interrupted
            case 0x04: return .left
            case 0x0E: move(1)
            case 0x10: move(-1)
            case 0x15: filter("")
            case 0x7F, 0x08: filter(String(query.dropLast()))
            case 0x00..<0x20: break
            default:
                let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                guard rest.count >= length else {
                    pending = Array(rest)
                    return .open
                }
                filter(query + String(terminalSafe: rest.prefix(length)))
                rest = rest.dropFirst(length)
                continue
            }
            rest = rest.dropFirst()
        }
        return .open
    }

    private mutating func move(_ step: Int) {
        marked = max(0, min(matches.count - 1, marked + step))
    }

    /// The letters of every word of the query must be in an item, in their order; what fits best stands first.
    private mutating func filter(_ query: String) {
        self.query = query
        let words = query.split(separator: " ").map { FuzzyText.fold(String($0)) }
        let ranked = items.indices.compactMap { index in items[index].rank(words).map { (index, $0) } }
        // Where nothing was typed all fit as well, and stay in their order.
        matches = words.isEmpty ? Array(items.indices) : ranked.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
        marked = 0
    }

    /// What to write: the prompt and the lines below it, the cursor back behind what was typed.
    func screen(prompt: String, columns: Int, rows: Int) -> String {
        let room = max(1, rows - 1)
        let first = max(0, min(marked - room / 2, matches.count - room))
        let shown = matches.dropFirst(first).prefix(room)
        // The end of a long query is what one is typing at.
        var tail = query[...]
        while (prompt + tail).terminalWidth > columns - 1, !tail.isEmpty { tail = tail.dropFirst() }
        let question = String((prompt + tail).prefix(columns: columns - 1))
        var text = "\r\u{1B}[J\(question)"
        for index in shown {
            let line = String(items[index].line.prefix(columns: columns - 3))
            text += matches[marked] == index ? "\n\r\u{1B}[7m> \(line)\u{1B}[0m" : "\n\r  \(line)"
        }
        if matches.isEmpty { text += "\n\r  nothing matches" }
        let below = max(shown.count, matches.isEmpty ? 1 : 0)
        if below > 0 { text += "\u{1B}[\(below)A" }
        return text + "\r\u{1B}[\(max(1, question.terminalWidth))C"
    }
}
