// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel

/// A word where a command is expected, and which is none.
struct UnknownCommand {
    /// Its place among the arguments.
    let position: Int
    /// Whether it stands behind `help`.
    let isHelp: Bool
    private let word: String
    /// The words before it, the program's name first.
    private let path: [String]
    private let node: any ParsableCommand.Type

    /// - Returns: nil if all words where commands are expected are some.
    init?(_ words: ArgumentWords, of root: any ParsableCommand.Type) {
        var node = root
        var path = [UnknownCommand.name(of: root)]
        // Behind `help` stand commands as well.
        var rest = words.words[...]
        let isHelp = rest.first?.text == "help"
        if isHelp { rest = rest.dropFirst() }
        for (position, text) in rest {
            let children = node.configuration.subcommands
            if children.isEmpty, !isHelp { return nil }
            guard let child = children.first(where: { UnknownCommand.names(of: $0).contains(text) }) else {
                (self.position, self.isHelp, word) = (position, isHelp, text)
                (self.path, self.node) = (path, node)
                return
            }
            node = child
            path.append(text)
        }
        return nil
    }

    /// - Parameter advice: what to do where no command is near, by the word; nil for where the commands are listed.
    func error(_ advice: (String) -> String?) -> LatchkeyError {
        let all = path.joined(separator: " ")
        let near = suggestions.map { "'\($0)'" }
        let isTop = path.count == 1
        return LatchkeyError(
            .usage,
            "no command '\(word.terminalSafe)'\(isTop ? "" : " in '\(all)'")",
            hint: near.isEmpty
                ? (isTop ? advice(word) : nil) ?? "\(all) --help lists the commands"
                : "did you mean \(near.joined(separator: " or "))?"
        )
    }

    /// Whole commands that may have been meant: those with a name that is near, that begins so, or that another group has.
    private var suggestions: [String] {
        let children = node.configuration.subcommands
        let all = path.joined(separator: " ")
        let names = children.flatMap(UnknownCommand.names) + (path.count == 1 ? ["help"] : [])
        let begun = word.isEmpty ? [] : names.filter { $0.hasPrefix(word) }
        let near = begun.isEmpty ? EditDistance.nearest(to: word, among: names) : begun
        if !near.isEmpty { return near.map { "\(all) \($0)" } }
        return children.flatMap { child in
            child.configuration.subcommands.filter { UnknownCommand.names(of: $0).contains(word) }
                .map { "\(all) \(UnknownCommand.name(of: child)) \(UnknownCommand.name(of: $0))" }
        }
    }

    private static func name(of command: any ParsableCommand.Type) -> String { command._commandName }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [name(of: command)] + command.configuration.aliases
    }
}
