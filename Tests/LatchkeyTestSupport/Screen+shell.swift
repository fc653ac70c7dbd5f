// SPDX-License-Identifier: Apache-2.0

extension Screen {
    /// Enters a shell of web-1, over whichever road, with a prompt that cannot be mistaken for another. `PROGRAM` in the
    /// environment is the program under test.
    ///
    /// - Parameters:
    ///   - options: of `connect`.
    ///   - note: what Latchkey says of the road.
    package func enterShell(_ options: String = "", note: String) throws {
        try enter("\"$PROGRAM\" connect web-1 \(options)")
        try expect(note)
        try enter("PS1='there$ '; clear")
        try wait(for: "a prompt") { $0.hasPrefix("there$") }
    }

    /// Runs a program in the shell's foreground that does nothing for ten minutes, and returns when keys reach it: a key that
    /// is pressed while the shell still starts it is the shell's.
    ///
    /// - Parameter rest: of the line, after the program.
    package func enterSleep(_ rest: String = "") throws {
        let mark = UInt32.random(in: 0...UInt32.max)
        try enter("sh -c 'echo asl\"eep\"\(mark); exec sleep 600'\(rest)")
        try expect("asleep\(mark)")
    }

    /// The terminal is as it was: it echoes, edits lines and interrupts.
    package func expectRestored() throws {
        try expect("local$")
        try enterCleared("stty -a | tr ' ;' '\\n\\n' | grep -cx -e icanon -e echo -e isig -e opost -e icrnl")
        try expect("5")
    }
}
