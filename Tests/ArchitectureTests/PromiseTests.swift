// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What SECURITY.md promises is tested, by the tests that it names.
struct PromiseTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The texts of all tests, one behind the other.
    private static func tests() throws -> String {
        let folder = root.appendingPathComponent("Tests")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL]
        return try (files ?? []).filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }
            .joined(separator: "\n")
    }

    @Test func `every suite that is named is there`() throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("SECURITY.md"), encoding: .utf8)
        // A suite stands alone, or in one that holds others: `RelayTests/Floods`, `ProcessTests.Takeovers`.
        let names = text.matches(of: #/`(?:[A-Za-z]+Tests[/.])?([A-Za-z]+)`/#)
            .filter { $0.output.0.contains("Tests") }
            .map { String($0.output.1) }
        #expect(names.count > 30)
        let tests = try Self.tests()
        for name in Set(names).sorted() {
            let isThere = ["struct", "class", "enum"].contains { tests.contains("\($0) \(name) ") }
            #expect(isThere, "\(name)")
        }
    }
}
