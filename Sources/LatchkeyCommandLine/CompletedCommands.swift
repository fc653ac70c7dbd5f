// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// Commands that only scripts for completion know of: the parser leaves other names, and what may follow `help`, out of them.
package enum CompletedCommands {
    /// The commands of a group, while a script is made under their other names, too.
    package static func named(_ commands: [any ParsableCommand.Type]) -> [any ParsableCommand.Type] {
        commands + aliases(of: commands)
    }

    /// The same commands' other names alone.
    package static func aliases(of commands: [any ParsableCommand.Type]) -> [any ParsableCommand.Type] {
        guard CompletionShell.requesting != nil else { return [] }
        return commands.filter { !$0.configuration.aliases.isEmpty }.map { alias($0) }
    }

    /// What may follow `help`, while a script is made.
    package static func help<Root: RootCommand>(of root: Root.Type) -> [any ParsableCommand.Type] {
        CompletionShell.requesting == nil ? [] : [HelpTopics<Root>.self]
    }

    private static func alias<Command: ParsableCommand>(_ command: Command.Type) -> any ParsableCommand.Type {
        AliasCommand<Command>.self
    }

    fileprivate static func topic<Command: ParsableCommand>(_ command: Command.Type) -> any ParsableCommand.Type {
        HelpTopic<Command>.self
    }

    /// A script without the parser's own function for `help`, which comes after ours and completes nothing.
    static func mended(_ script: String, _ program: String) -> String {
        let start = "\n_\(program)_help() {\n"
        guard let first = script.firstRange(of: start),
            let second = script[first.upperBound...].firstRange(of: start),
            let end = script[second.upperBound...].firstRange(of: "\n}\n")
        else { return script }
        return String(script[...second.lowerBound] + script[end.upperBound...])
    }
}

/// A command under the first of its other names.
private struct AliasCommand<Command: ParsableCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Command.configuration.aliases.first,
            abstract: Command.configuration.abstract
        )
    }

    @OptionGroup var command: Command
}

private struct HelpTopics<Root: RootCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "help",
            abstract: "Show subcommand help information.",
            subcommands: Root.commands.map { CompletedCommands.topic($0) }
        )
    }
}

private struct HelpTopic<Command: ParsableCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Command._commandName,
            abstract: Command.configuration.abstract,
            subcommands: Command.configuration.subcommands.map { CompletedCommands.topic($0) }
        )
    }
}
