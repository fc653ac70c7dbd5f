// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// A bar on standard error that shows how far a long work has come. Where that is no terminal, it shows nothing.
package final class ProgressBar {
    private static let width = 24

    private let terminal = Terminal(descriptor: 2)
    private let total: Int
    private let verb: String
    private var isShown = false

    /// - Parameter verb: what is being done, for example `replacing`.
    package init(_ verb: String, total: Int) {
        self.verb = verb
        self.total = total
    }

    deinit { clear() }

    /// - Parameter note: what else there is to say, safe for a terminal.
    package func show(_ done: Int, note: String = "") {
        guard let terminal, total > 0 else { return }
        let filled = ProgressBar.width * done / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: ProgressBar.width - filled)
        let line = "\(verb) [\(bar)] \(done)/\(total)\(note.isEmpty ? "" : ", \(note)")"
        // One column is left free, so that no terminal wraps the line.
        write("\r\u{1B}[K" + line.prefix(columns: terminal.size.columns - 1))
        isShown = true
    }

    /// Takes the bar away, for what is to be printed next.
    package func clear() {
        guard isShown else { return }
        write("\r\u{1B}[K")
        isShown = false
    }

    private func write(_ text: String) { _ = Descriptor.writeAll(STDERR_FILENO, Array(text.utf8)) }
}
