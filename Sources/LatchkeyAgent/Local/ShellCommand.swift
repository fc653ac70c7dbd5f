// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// From what a session asks for to what is run.
package enum ShellCommand {
    /// The user's login shell, which reads the profiles: argv[0] begins with a dash (login(1)).
    ///
    /// - Parameter variables: what the client sent; only what ``environment(for:client:)`` names is kept.
    package static func login(
        _ user: LocalUser,
        terminal: LocalTerminalSize?,
        variables: [(String, String)] = []
    ) -> LocalProcess.Specification {
        let shell = Self.shell(of: user)
        let name = shell.split(separator: "/").last.map(String.init) ?? "sh"
        return specification(user, shell, ["-\(name)"], terminal, variables)
    }

    /// A line for the user's shell, with a terminal or without.
    package static func command(
        _ line: String,
        _ user: LocalUser,
        terminal: LocalTerminalSize? = nil,
        variables: [(String, String)] = []
    ) -> LocalProcess.Specification {
        let shell = Self.shell(of: user)
        let name = shell.split(separator: "/").last.map(String.init) ?? "sh"
        return specification(user, shell, [name, "-c", line], terminal, variables)
    }

    /// A file of lines for `/bin/sh`, whichever shell the user has.
    package static func script(_ path: String, _ user: LocalUser) -> LocalProcess.Specification {
        specification(user, "/bin/sh", ["sh", path], nil, [])
    }

    /// A program and its arguments, split from a line without any shell; without a slash it is looked for in the PATH that
    /// it gets.
    package static func program(
        _ line: String,
        _ user: LocalUser,
        variables: [(String, String)] = []
    ) throws(ShellPlanError) -> LocalProcess.Specification {
        let words: [String]
        do { words = try ShellWords.split(line) } catch { throw .words(error) }
        guard let name = words.first, !name.isEmpty else { throw .empty }
        guard let path = Self.path(of: name, for: user) else { throw .notFound(name) }
        return specification(user, path, words, nil, variables)
    }

    /// What the program finds in its environment: HOME, USER, LOGNAME, SHELL and PATH as login(1) sets them, and TERM,
    /// LANG and the LC_ variables as the client sent them if they are well formed. TERM is `xterm-256color` and LANG is
    /// `C.UTF-8` where the client sent none; anything else that it sent is dropped.
    package static func environment(
        for user: LocalUser,
        client: [(String, String)] = []
    ) -> [(String, String)] {
        var variables = [
            ("HOME", user.home), ("USER", user.name), ("LOGNAME", user.name), ("SHELL", shell(of: user)),
            ("PATH", searchPath(for: user)),
        ]
        var sent: [(String, String)] = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")]
        for (name, value) in client where isWanted(name, value) {
            sent.removeAll { $0.0 == name }
            sent.append((name, value))
        }
        variables += sent
        return variables
    }

    /// The shell that is registered for the user, or `/bin/sh` if there is none or it is not there. One that refuses logins
    /// (nologin) stays: that is the administrator's decision.
    package static func shell(of user: LocalUser) -> String {
        user.shell.hasPrefix("/") && access(user.shell, X_OK) == 0 ? user.shell : "/bin/sh"
    }

    private static func specification(
        _ user: LocalUser,
        _ executable: String,
        _ arguments: [String],
        _ terminal: LocalTerminalSize?,
        _ variables: [(String, String)]
    ) -> LocalProcess.Specification {
        LocalProcess.Specification(
            executable: executable,
            arguments: arguments,
            environment: environment(for: user, client: variables),
            user: user,
            terminal: terminal,
            directory: user.home
        )
    }

    private static func searchPath(for user: LocalUser) -> String {
        user.identifier == 0
            ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" : "/usr/local/bin:/usr/bin:/bin"
    }

    private static func path(of name: String, for user: LocalUser) -> String? {
        // Relative to the folder it starts in, where execve will look.
        if name.contains("/") { return name.hasPrefix("/") ? name : "\(user.home)/\(name)" }
        for folder in searchPath(for: user).split(separator: ":") {
            var status = stat()
            let path = "\(folder)/\(name)"
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 { return path }
        }
        return nil
    }

    /// A value becomes part of file names in libraries that look up terminals and locales, so it may be little.
    private static func isWanted(_ name: String, _ value: String) -> Bool {
        guard !value.isEmpty, value.utf8.count <= 64, value.utf8.first != UInt8(ascii: ".") else { return false }
        switch name {
        case "TERM": return value.utf8.allSatisfy { isWordByte($0) || "+.-".utf8.contains($0) }
        case "LANG": return value.utf8.allSatisfy { isWordByte($0) || "@.-".utf8.contains($0) }
        default:
            return name.hasPrefix("LC_") && name.utf8.count <= 32 && name.utf8.dropFirst(3).allSatisfy(isNameByte)
                && name.utf8.count > 3 && value.utf8.allSatisfy { isWordByte($0) || "@.-".utf8.contains($0) }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
