// SPDX-License-Identifier: Apache-2.0

/// Which words of a command line are neither options nor their values.
package struct ArgumentWords {
    /// The words up to a `--`, each with its place among all.
    package let words: [(place: Int, text: String)]
    /// Where the `--` is; nil for none.
    package let terminator: Int?

    /// - Parameter valueOptions: the options that the next word is the value of, such as `-u` and `--user`.
    package init(_ arguments: [String], valueOptions: Set<String>) {
        var words: [(place: Int, text: String)] = []
        var terminator: Int?
        var place = 0
        while place < arguments.count {
            let argument = arguments[place]
            if argument == "--" {
                terminator = place
                break
            }
            if argument.hasPrefix("-"), argument != "-" {
                if ArgumentWords.takesValue(argument, valueOptions) { place += 1 }
            } else {
                words.append((place, argument))
            }
            place += 1
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
