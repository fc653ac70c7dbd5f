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

    /// The terminal is as it was: it echoes, edits lines and interrupts.
    package func expectRestored() throws {
        try expect("local$")
        try enter("clear; stty -a | tr ' ;' '\\n\\n' | grep -cx -e icanon -e echo -e isig -e opost -e icrnl")
        try expect("5")
    }
}
