// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct ShellWordsTests {
    private static let lines = [
        "", "   ", "a", "a b", "  a\tb\nc\r d  ", "'a b' c", "a'b c'd", "\"a b\"", "\"a'b\"", "'a\"b'", "''", "a '' b",
        "\"\"",
        "a\\ b", "\\a\\\\", "\"\\a\\\\\\\"\\$\\`\"", "'\\a\\'", "a\\\nb", "\"a\\\nb\"", "a#b #c",
        "$HOME `x` *;&|<>(){}~!",
        "'", "\"", "a 'b", "a \"b\\\"", "\\", "a\\", "\"\\", "grüße 'ä ö'", "--x='1 2' -y=\"3\"", "e\u{301}'\u{301}x'",
        "a\u{A0}b", "a\u{0B}b\u{0C}c", "'a'\"b\"c", "\"$(x)\" '$(y)'", "a\\'b", "a\\\"b", "profile \"my name\"",
        "\"\" \"\"", "'it'\\''s'", "a\r\nb",
    ]

    @Test func `words are those of shlex`() throws {
        let script = """
            import json, shlex, sys
            def words(line):
                try: return shlex.split(line)
                except ValueError: return None
            print(json.dumps([words(line) for line in json.load(sys.stdin)]))
            """
        // Random ones besides those above; JSON carries every scalar.
        var lines = Self.lines
        let alphabet = Array("ab \t\n'\"\\$#")
        for _ in 0..<2000 {
            lines.append(String((0..<Int.random(in: 1...9)).compactMap { _ in alphabet.randomElement() }))
        }
        let run = try Execution.require(["python3", "-c", script], input: JSONEncoder().encode(lines))
        let expected = try JSONDecoder().decode([[String]?].self, from: run.output)
        #expect(expected.count == lines.count)
        for (line, words) in zip(lines, expected) {
            #expect((try? ShellWords.split(line)) == words, "\(line.debugDescription)")
        }
    }

    @Test func `what is missing is named`() {
        #expect(throws: ShellWords.Fault.unbalancedQuote("'")) { try ShellWords.split("a 'b") }
        #expect(throws: ShellWords.Fault.unbalancedQuote("\"")) { try ShellWords.split("a \"b\\\"") }
        #expect(throws: ShellWords.Fault.danglingBackslash) { try ShellWords.split("a\\") }
    }
}
