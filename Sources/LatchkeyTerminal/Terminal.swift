// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// The terminal behind a descriptor of this process.
package struct Terminal: Sendable {
    package let descriptor: Int32

    /// - Returns: nil if the descriptor is not a terminal.
    package init?(descriptor: Int32) {
        guard isatty(descriptor) == 1 else { return nil }
        self.descriptor = descriptor
    }

    /// Whether a person is in front of this process: both its input and its messages are on a terminal.
    package static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// The size now; the fallback where the terminal reports none, as a serial console does.
    package var size: TerminalSize {
        var window = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return .fallback
        }
        return TerminalSize(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }

    /// Hands every byte through: no echo, no line editing, no signals from keys, no newline translation.
    ///
    /// The terminal is set back by ``restore()``, and by itself at exit and at a crash.
    /// - Throws: `LatchkeyError.fileUnusable` if the terminal refuses.
    package func makeRaw() throws {
        var attributes = try current()
        lk_terminal_guard(descriptor, &attributes)
        cfmakeraw(&attributes)
        try set(attributes)
    }

    /// Keys arrive one by one and unechoed, but output and signals stay as they are: what a menu needs.
    package func makeKeywise() throws {
        var attributes = try current()
        lk_terminal_guard(descriptor, &attributes)
        attributes.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        try set(attributes)
    }

    /// Sets the terminal back to what it was before `makeRaw` or `makeKeywise`.
    package static func restore() { _ = lk_terminal_restore() }

    private func current() throws -> termios {
        var attributes = termios()
        guard tcgetattr(descriptor, &attributes) == 0 else { throw Terminal.failure() }
        return attributes
    }

    private func set(_ attributes: termios) throws {
        var attributes = attributes
        while tcsetattr(descriptor, TCSADRAIN, &attributes) != 0 {
            guard errno == EINTR else { throw Terminal.failure() }
        }
    }

    private static func failure() -> LatchkeyError {
        LatchkeyError(.fileUnusable, "the terminal cannot be set: \(SystemError.last.message)")
    }
}
