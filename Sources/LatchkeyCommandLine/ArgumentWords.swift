// SPDX-License-Identifier: Apache-2.0

/// Which words of a command line are neither options nor their values.
package struct ArgumentWords {
    /// The words up to a `--`, each with its place among all.
    package let words: [(position: Int, text: String)]
    /// Where the `--` is; nil for none.
    package let terminator: Int?

    /// - Parameter valueOptions: the options that the next word is the value of, such as `-u` and `--user`.
    package init(_ arguments: [String], valueOptions: Set<String>) {
        var words: [(position: Int, text: String)] = []
        var terminator: Int?
        var position = 0
        while position < arguments.count {
            let argument = arguments[position]
            if argument == "--" {
                terminator = position
                break
            }
            if argument.hasPrefix("-"), argument != "-" {
                if ArgumentWords.takesValue(argument, valueOptions) { position += 1 }
            } else {
                words.append((position, argument))
            }
            position += 1
        }
        self.words = words
        self.terminator = terminator
    }

    private static func takesValue(_ argument: String, _ valueOptions: Set<String>) -> Bool {
        if argument.contains("=") { return false }
        if argument.hasPrefix("--") { return valueOptions.contains(argument) }
        // Of several letters behind one dash the last one may have a value.
        return argument.last.map { valueOptions.contains("-\($0)") } ?? false
    }
}
