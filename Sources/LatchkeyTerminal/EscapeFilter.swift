// SPDX-License-Identifier: Apache-2.0

/// Finds `~.` and its like at the beginning of a line in what is typed, as ssh(1) does; all else passes through.
package struct EscapeFilter {
    package enum Action: Equatable {
        case send([UInt8])
        /// `~.`
        case disconnect
        /// `~^Z`
        case suspend
        /// `~?`
        case help
    }

    private enum State { case lineStart, insideLine, afterTilde }
    private var state = State.lineStart

    package init() {}

    package static let helpText = """
        Supported escape sequences:\r
          ~.   end the connection\r
          ~^Z  suspend latchkey\r
          ~~   send a tilde\r
          ~?   this list\r
        (each right after a newline)\r

        """

    /// What to do about the bytes that were typed, in order; a tilde at a line's start is held back until the next one.
    package mutating func process(_ bytes: some Collection<UInt8>) -> [Action] {
        var actions: [Action] = []
        var pending: [UInt8] = []
        func flush() {
            if !pending.isEmpty { actions.append(.send(pending)) }
            pending = []
        }
        for byte in bytes {
            switch (state, byte) {
            case (.lineStart, UInt8(ascii: "~")): state = .afterTilde
            case (.afterTilde, UInt8(ascii: ".")):
                flush()
                actions.append(.disconnect)
                state = .lineStart
            case (.afterTilde, 0x1A):
                flush()
                actions.append(.suspend)
                state = .lineStart
            case (.afterTilde, UInt8(ascii: "?")):
                flush()
                actions.append(.help)
                state = .lineStart
            case (.afterTilde, UInt8(ascii: "~")):
                pending.append(byte)
                state = .insideLine
            case (.afterTilde, _):
                pending += [UInt8(ascii: "~"), byte]
                state = EscapeFilter.endsLine(byte) ? .lineStart : .insideLine
            default:
                pending.append(byte)
                state = EscapeFilter.endsLine(byte) ? .lineStart : .insideLine
            }
        }
        flush()
        return actions
    }

    private static func endsLine(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
}
