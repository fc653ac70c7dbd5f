// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyServer

/// The list of what is served, which is what people read before they try.
struct APIPageTests {
    @Test func `the page lists the operations of EC2 that are served, and no others`() throws {
        let path = "\(#filePath)".replacing(/Tests\/.*/, with: "man/latchkeyd-api.7")
        let page = try String(contentsOfFile: path, encoding: .utf8)
        let start = try #require(page.range(of: ".Ss Operations of EC2\n")?.upperBound)
        let end = try #require(page.range(of: ".Ss Other operations\n")?.lowerBound)
        let listed = page[start..<end].matches(of: /\b[A-Z][a-z]+[A-Z][A-Za-z]+\b/).map { String($0.output) }
        #expect(Set(listed) == Set(EC2Registry.all.keys))
        #expect(Set(listed).count == listed.count)
    }
}
