// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

struct RemoteCommandTests {
    @Test func `one word is a line, none is a shell`() {
        #expect(RemoteCommand.line([]) == nil)
        #expect(RemoteCommand.line(["cd /; ls | wc"]) == "cd /; ls | wc")
    }

    @Test func `several words reach a shell as these words`() throws {
        let words = [
            "printf", "%s\\0", "", "a b", "it's", "$HOME `id` $(id)", "*", "\\", "new\nline", "\"", "é", "'\u{301}",
            "~",
            "#", "a=b", "!x", "-n", "\t",
        ]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", RemoteCommand.line(words) ?? ""]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let expected = words.dropFirst(2).map { Data($0.utf8) + [0] }.reduce(Data(), +)
        #expect(output == expected)
    }
}
