// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A terminal with a person at it: a tmux session of its own server, which is ended at the end.
package struct Screen {
    private let socket: String
    private let configuration: [String]

    /// Runs `body` with a shell in a terminal of this size.
    package static func with<Value>(
        _ scratch: Scratch,
        columns: Int = 100,
        rows: Int = 30,
        environment: [String: String?] = [:],
        _ body: (Screen) throws -> Value
    ) throws -> Value {
        let screen = Screen(socket: "\(scratch.path)/tmux", configuration: ["-f", "/dev/null"])
        let size = ["-x", String(columns), "-y", String(rows)]
        let variables = scratch.environment.merging(environment) { $1 }
        defer { _ = try? screen.tmux("kill-server") }
        try Execution.require(
            ["tmux", "-S", screen.socket, "-f", "/dev/null", "new-session", "-d"] + size
                + ["env", "PS1=local$ ", "bash", "--norc", "--noprofile"],
            environment: variables
        )
        try screen.expect("local$")
        return try body(screen)
    }

    /// Types text, as it is.
    package func type(_ text: String) throws { try tmux("send-keys", "-l", text) }

    /// Presses keys by tmux's names, for example `Enter` or `C-c`.
    package func press(_ keys: String...) throws {
        for key in keys { try tmux("send-keys", key) }
    }

    /// Types a line and presses Return.
    package func enter(_ line: String) throws {
        try type(line)
        try press("Enter")
    }

    /// Types a line that finds an empty screen: when this returns, what was shown before is gone, this line too. So what a test
    /// then waits for cannot have been there before.
    ///
    /// - Parameter line: nothing, to clear the screen alone.
    package func enterCleared(_ line: String = "") throws {
        let mark = "mark\(UInt32.random(in: 0...UInt32.max))"
        try type(": \(mark); clear\(line.isEmpty ? "" : "; \(line)")")
        try expect(mark)
        try press("Enter")
        try wait(for: "an empty screen") { !$0.contains(mark) }
    }

    package func resize(columns: Int, rows: Int) throws {
        try tmux("resize-window", "-x", String(columns), "-y", String(rows))
    }

    /// What the terminal shows.
    package func content() throws -> String { try tmux("capture-pane", "-p", "-J").text }

    /// Whether it shows the alternate screen, the cursor, and reports the mouse.
    package func modes() throws -> (alternate: Bool, cursor: Bool, mouse: Bool) {
        let flags = try tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}#{mouse_any_flag}").line
        return (flags.hasPrefix("1"), flags.dropFirst().hasPrefix("1"), flags.hasSuffix("1"))
    }

    /// Waits until the terminal shows a text.
    ///
    /// - Throws: what it shows, after ``Execution/timeout`` seconds.
    package func expect(_ text: String) throws { try wait(for: "'\(text)'") { $0.contains(text) } }

    package func wait(for what: String, _ condition: (String) -> Bool) throws {
        let deadline = Date().addingTimeInterval(Double(Execution.timeout))
        var shown = ""
        repeat {
            shown = try content()
            if condition(shown) { return }
            usleep(50_000)
        } while Date() < deadline
        throw HarnessError("waited for \(what), but the terminal shows:\n\(shown)")
    }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> Execution {
        try Execution.require(["tmux", "-S", socket] + arguments)
    }
}
