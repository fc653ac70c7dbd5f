// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The tests of the console's own modules, which Node runs.
struct ConsoleScriptTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Pages")

    @Test func `the console's modules pass their tests`() throws {
        let run = try Execution.run(["node", "--test", Self.folder.path], timeout: 300)
        #expect(run.status == 0, "\(run.text)\(run.error)")
        let count = run.text.split(separator: "\n").first { $0.hasPrefix("# tests ") }?.split(separator: " ").last
        #expect((count.flatMap { Int($0) } ?? 0) > 20)
    }
}
