// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAuthorization
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyLaunching
@testable import LatchkeyOperations
@testable import LatchkeyRelay
@testable import LatchkeyServer

/// The list of what is served, which is what people read before they try.
struct APIPageTests {
    /// The operations that a section names.
    private func operations(from title: String, to next: String) throws -> [String] {
        let path = "\(#filePath)".replacing(/Tests\/.*/, with: "man/latchkeyd-api.7")
        let page = try String(contentsOfFile: path, encoding: .utf8)
        let start = try #require(page.range(of: ".Ss \(title)\n")?.upperBound)
        let end = try #require(page.range(of: ".Ss \(next)\n")?.lowerBound)
        return page[start..<end].matches(of: /\b[A-Z][a-z]+[A-Z][A-Za-z]+\b/).map { String($0.output) }
    }

    @Test func `the page lists the operations that are served to users, each once, and no others`() throws {
        let ofEC2 = try operations(from: "Operations of EC2", to: "Other operations")
        let others = try operations(from: "Other operations", to: "Surroundings of an instance")
        try Scratch.with { scratch in
            let registry = try OperationRegistryTests.make(scratch)
            let served = registry.actions.filter { registry[$0]?.callers.contains(.user) == true }
            #expect(ofEC2.sorted() == served.filter { $0.service == "ec2" }.map(\.name).sorted())
            #expect(others.sorted() == served.filter { $0.service != "ec2" }.map(\.name).sorted())
        }
    }
}
