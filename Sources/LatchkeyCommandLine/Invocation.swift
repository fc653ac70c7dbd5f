// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// A program as its caller meets it: arguments in, a status out.
package enum Invocation {
    /// Runs what this process's arguments ask for, and says what went wrong.
    ///
    /// - Parameters:
    ///   - root: the program's command.
    ///   - hint: what to do about a mistake in the call, by the parser's words and those of where its help is; nil for the
    ///     latter.
    /// - Returns: the status to end the process with.
    package static func run<Root: ParsableCommand>(
        _ root: Root.Type,
        hint: (_ message: String, _ help: String) -> String? = { _, _ in nil }
    ) -> Int32 {
        do {
            let arguments = try ProgramArguments.checked()
            // Asked for by every script that checks what is installed; the parser takes longer than the answer.
            if arguments == ["--version"] {
                try Output.write(root.configuration.version)
                return 0
            }
            var command = try root.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            return Failure.report(error, of: root, hint: hint)
        }
    }

    static func name(of root: (some ParsableCommand).Type) -> String { root.configuration.commandName ?? "" }
}
