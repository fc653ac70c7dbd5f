// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// A list that shrinks as one types, in a few lines at the bottom of the terminal.
package enum Picker {
    /// Lets the user choose one of `items`.
    ///
    /// - Returns: its index, or nil if the user left without choosing.
    /// - Throws: `LatchkeyError.fileUnusable` without a terminal.
    package static func pick(_ items: [PickItem], prompt: String) throws -> Int? {
        let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, let terminal = Terminal(descriptor: descriptor) else {
            throw LatchkeyError(.fileUnusable, "there is no terminal to choose at")
        }
        defer { close(descriptor) }
        try terminal.makeKeywise()
        defer { Terminal.restore() }
        var list = PickList(items)
        while true {
            let size = terminal.size
            let screen = list.screen(prompt: prompt, columns: size.columns, rows: min(12, size.rows - 1))
            _ = Descriptor.writeAll(descriptor, Array(screen.utf8))
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(descriptor, &bytes, bytes.count)
            if count < 0 && errno == EINTR { continue }
            let outcome = count > 0 ? list.type(bytes[..<count]) : .left
            guard outcome != .open else { continue }
            // The list goes, what was typed before it stays.
            _ = Descriptor.writeAll(descriptor, Array("\r\u{1B}[J".utf8))
            switch outcome {
            case .open, .left: return nil
            case .chose(let index): return index
            case .interrupted: Signals.die(by: SIGINT)
            }
        }
    }
}
