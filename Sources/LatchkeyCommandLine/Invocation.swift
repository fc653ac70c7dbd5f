// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
internal import LatchkeyModel

/// A program as its caller meets it: arguments in, a status out.
package enum Invocation {
    /// What a program knows of its own command line beyond what the parser does.
    package struct Manners {
        /// The options at the root, and those of ``prepare``'s commands, that the next word is the value of.
        package var valueOptions: Set<String> = []
        /// What to do about a word that is no command and near none.
        package var advice: (_ word: String) -> String? = { _ in nil }
        /// Changes the arguments before they are parsed.
        package var prepare: (_ arguments: [String]) -> [String] = { $0 }

        package init() {}
    }

    /// Runs what this process's arguments ask for, and says what went wrong.
    ///
    /// - Parameter root: the program's command.
    /// - Returns: the status to end the process with.
    package static func run<Root: ParsableCommand>(_ root: Root.Type, _ manners: Manners = Manners()) -> Int32 {
        var arguments: [String] = []
        do {
            arguments = try ProgramArguments.checked()
            // Asked for by every script that checks what is installed; the parser takes longer than the answer.
            if arguments == ["--version"] {
                try Output.write(root.configuration.version)
                return 0
            }
            arguments = manners.prepare(arguments)
            // The parser shows the help of what comes before a word that it does not know.
            if arguments.contains("help"), let unknown = unknownCommand(in: arguments, root, manners), unknown.isHelp {
                throw unknown.error(manners.advice)
            }
            var command = try root.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            let isParsers = !(error is LatchkeyError) && root.exitCode(for: error) == .validationFailure
            if isParsers, let unknown = unknownCommand(in: arguments, root, manners),
                !concernsOption(root.message(for: error), before: unknown.position, arguments)
            {
                return Failure.report(unknown.error(manners.advice), of: root)
            }
            return Failure.report(error, of: root)
        }
    }

    private static func unknownCommand(
        in arguments: [String],
        _ root: any ParsableCommand.Type,
        _ manners: Manners
    ) -> UnknownCommand? {
        UnknownCommand(ArgumentWords(arguments, valueOptions: manners.valueOptions), of: root)
    }

    /// Whether the parser speaks of an option that stands before the word: then that word may be meant for its value.
    private static func concernsOption(_ message: String, before position: Int, _ arguments: [String]) -> Bool {
        arguments[..<position].contains { $0.hasPrefix("-") && message.contains("'\($0)'") }
    }

    static func name(of root: (some ParsableCommand).Type) -> String { root.configuration.commandName ?? "" }
}
