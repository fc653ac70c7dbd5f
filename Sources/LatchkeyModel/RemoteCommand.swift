// SPDX-License-Identifier: Apache-2.0

/// A command for the instance's shell.
package enum RemoteCommand {
    /// The most bytes of a line: an instance's shell gets it as one word, which has 128 KiB with the zero at its end
    /// (MAX_ARG_STRLEN of execve(2)).
    package static let limit = 128 * 1024 - 1

    /// - Throws: `usage` if the line that is sent would be longer than any instance takes.
    package static func check(_ words: [String]) throws(LatchkeyError) {
        let count = line(words)?.utf8.count ?? 0
        guard count > limit else { return }
        throw LatchkeyError(
            .usage,
            "the command is \(count) bytes long, and an instance takes \(limit)",
            hint: "send a script over its input: latchkey connect NAME -- sh -s <SCRIPT"
        )
    }

    /// The line that is sent: a single word as it is (it is a line for the remote shell), several each quoted, so that
    /// exactly these words arrive, as with `docker exec`, whichever shell the user has: sh, bash, zsh, dash, ksh, fish, csh
    /// and tcsh read them alike.
    package static func line(_ words: [String]) -> String? {
        switch words.count {
        case 0: nil
        case 1: words[0]
        default: line(of: words)
        }
    }

    private static func line(of words: [String]) -> String {
        let line = words.map(quoted).joined(separator: " ")
        guard line.utf8.contains(UInt8(ascii: "\n")) else { return line }
        // csh takes no newline in any quotes that others would read as one. So the line goes through sh, which prints it from
        // escapes first; what it runs are the same words.
        return "sh -c 'eval \"$(printf %b \"$0\")\"' \(quoted(printfEscaped(line)))"
    }

    /// What `printf %b` prints as this text (POSIX.1-2017, XCU printf, "\0ddd").
    private static func printfEscaped(_ line: String) -> String {
        var escaped = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\0012"
            case "\\": escaped += "\\0134"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A word that each shell reads back as itself: POSIX's (POSIX.1-2017, XCU 2.2), fish and csh. A newline is itself only to
    /// the former two.
    package static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.utf8.allSatisfy(isPlain) { return word }
        var quoted = ""
        var isOpen = false
        func quote(_ opens: Bool) {
            if opens != isOpen { quoted += "'" }
            isOpen = opens
        }
        // By scalar, not by character: an apostrophe with a combining accent is another character, but the same byte.
        for scalar in word.unicodeScalars {
            switch scalar {
            // Within single quotes a backslash escapes these two in fish and not in sh, and csh looks for the third in its
            // history.
            case "\\", "'", "!":
                quote(false)
                quoted += "\\"
            default: quote(true)
            }
            quoted.unicodeScalars.append(scalar)
        }
        quote(false)
        return quoted.isEmpty ? "''" : quoted
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    /// A line for a shell, as Amazon's agent takes a command without a terminal: it splits it into words and starts the first.
    ///
    /// At a session's end that agent kills the one process that it has started. So what runs is in a session of its own, and
    /// another process looks each second whether the first one is still there, and ends what is left if it is not.
    package static func supervised(_ line: String) -> String {
        let script = """
            command -v setsid >/dev/null || exec sh -c "$1"
            setsid sh -c "$1" & job=$!
            trap 'kill -TERM -$job' INT TERM HUP QUIT
            (while kill -0 $$; do sleep 1; done; kill -TERM -$job; sleep 5; kill -KILL -$job) >/dev/null 2>&1 & watch=$!
            wait $job; status=$?
            while kill -0 $job 2>/dev/null; do wait $job; status=$?; done
            kill $watch
            exit $status
            """
        return ["sh", "-c", script, "latchkey", line].map(quoted).joined(separator: " ")
    }
}
