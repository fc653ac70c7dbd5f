// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc

/// The size of a terminal in character cells.
package struct LocalTerminalSize: Equatable, Sendable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    var short: (columns: UInt16, rows: UInt16) { (UInt16(clamping: columns), UInt16(clamping: rows)) }
}

extension LocalProcess {
    /// What to run, and as whom.
    package struct Specification: Sendable {
        /// The program's absolute path.
        package var executable: String
        /// All of argv, its name first.
        package var arguments: [String]
        /// The whole environment; nothing of this process's own is added.
        package var environment: [(String, String)]
        /// The user that runs it; nil for this process's user.
        package var user: LocalUser?
        /// A pseudo-terminal of this size; nil for three pipes.
        package var terminal: LocalTerminalSize?
        /// Where it starts; `/` if that cannot be entered.
        package var directory: String
        /// Milliseconds after the end of the program in which output may still arrive; nil for as long as anything holds the
        /// streams open, as sshd has it for a command without a terminal.
        package var drainTime: Int64? = 100

        package init(
            executable: String,
            arguments: [String],
            environment: [(String, String)],
            user: LocalUser? = nil,
            terminal: LocalTerminalSize? = nil,
            directory: String = "/"
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.user = user
            self.terminal = terminal
            self.directory = directory
        }

        func check() throws(LocalProcessError) {
            if let user { try user.checkAllowed() }
            let texts = [executable, directory] + arguments + environment.flatMap { [$0.0, $0.1] }
            // A C string ends at its first zero: another program or argument would be run than was asked for.
            guard !texts.contains(where: { $0.utf8.contains(0) }), executable.hasPrefix("/"), !arguments.isEmpty,
                !environment.contains(where: { $0.0.isEmpty || $0.0.utf8.contains(UInt8(ascii: "=")) })
            else { throw .unusable(executable) }
        }

        func withRequest(_ body: (UnsafePointer<lk_spawn_request>) -> Int32) -> Int32 {
            let words = CStrings(arguments)
            let variables = CStrings(environment.map { "\($0.0)=\($0.1)" })
            let (path, folder) = (CStrings([executable]), CStrings([directory]))
            return (user?.groups ?? [])
                .withUnsafeBufferPointer { groups in
                    var request = lk_spawn_request()
                    request.path = UnsafePointer(path.pointers[0])
                    request.arguments = UnsafePointer(words.pointers)
                    request.environment = UnsafePointer(variables.pointers)
                    request.directory = UnsafePointer(folder.pointers[0])
                    if let size = terminal?.short {
                        request.has_terminal = 1
                        request.columns = size.columns
                        request.rows = size.rows
                    }
                    // Only root can set groups or change the user.
                    if let user, geteuid() == 0 {
                        request.changes_user = 1
                        request.user = user.identifier
                        request.group = user.group
                        request.groups = groups.baseAddress
                        request.group_count = groups.count
                    }
                    return body(&request)
                }
        }
    }
}

/// Copies of strings as C wants them, with a null pointer at the end; they live as long as this.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
