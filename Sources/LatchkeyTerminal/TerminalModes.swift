// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What programs have changed about a terminal by escape sequences, as far as it would disturb the terminal's next
/// user: the alternate screen, a hidden cursor, reports of the mouse, bracketed paste and the like. A program that is cut off
/// cannot set it back.
///
/// Read from what is written to the terminal, in pieces of any length.
struct TerminalModes {
    private enum State {
        case text, escape, introduced
        /// In the parameters of `CSI ?`.
        case mode
    }

    /// DEC private modes (DECSET of xterm's control sequences), in the order in which they are set back: reports and keys first,
    /// then the screen, which brings the cursor's place and attributes back, and then the cursor.
    private static let known: [(mode: Int, isUsuallySet: Bool)] = [
        (1, false), (7, true), (9, false), (1000, false), (1001, false), (1002, false), (1003, false), (1004, false),
        (1005, false), (1006, false), (1015, false), (1016, false), (2004, false), (47, false), (1047, false),
        (1049, false), (25, true),
    ]
    /// More parameters of one sequence are not looked at.
    private static let parameterLimit = 32

    private var state = State.text
    private var parameters: [Int] = []
    private var changed: Set<Int> = []
    private var keypadIsChanged = false

    /// Takes note of bytes that the terminal gets.
    mutating func note(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while let byte = rest.first {
            if state == .text {
                // Most of all output has none.
                guard let escape = rest.firstIndex(of: 0x1B) else { return }
                rest = rest[(escape + 1)...]
                state = .escape
            } else {
                rest = rest.dropFirst()
                step(byte)
            }
        }
    }

    private mutating func step(_ byte: UInt8) {
        switch (state, byte) {
        case (_, 0x1B): state = .escape
        case (.escape, UInt8(ascii: "[")): state = .introduced
        case (.escape, UInt8(ascii: "=")), (.escape, UInt8(ascii: ">")):
            keypadIsChanged = byte == UInt8(ascii: "=")
            state = .text
        case (.escape, UInt8(ascii: "c")):
            // RIS sets everything back.
            changed = []
            keypadIsChanged = false
            state = .text
        case (.introduced, UInt8(ascii: "?")):
            parameters = [0]
            state = .mode
        case (.mode, UInt8(ascii: "0")...UInt8(ascii: "9")):
            let value = parameters[parameters.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
            parameters[parameters.count - 1] = min(value, 100_000)
        case (.mode, UInt8(ascii: ";")):
            if parameters.count < TerminalModes.parameterLimit { parameters.append(0) } else { state = .text }
        case (.mode, UInt8(ascii: "h")), (.mode, UInt8(ascii: "l")):
            for parameter in parameters { set(parameter, byte == UInt8(ascii: "h")) }
            state = .text
        default: state = .text
        }
    }

    private mutating func set(_ mode: Int, _ isSet: Bool) {
        guard let known = TerminalModes.known.first(where: { $0.mode == mode }) else { return }
        if known.isUsuallySet == isSet { changed.remove(mode) } else { changed.insert(mode) }
    }

    /// What sets back what is changed; empty if nothing is.
    var resets: [UInt8] {
        var text = state == .text ? "" : "\u{18}"
        if keypadIsChanged { text += "\u{1B}>" }
        for (mode, isUsuallySet) in TerminalModes.known where changed.contains(mode) {
            text += "\u{1B}[?\(mode)\(isUsuallySet ? "h" : "l")"
        }
        // Colours and the like belong to the screen that was left.
        if !changed.isDisjoint(with: [47, 1047, 1049]) { text += "\u{1B}[0m" }
        return changed.isEmpty && !keypadIsChanged ? [] : Array(text.utf8)
    }
}
