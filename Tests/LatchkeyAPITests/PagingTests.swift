// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyAPI

struct PagingTests {
    private func fault(_ body: () throws(ServiceFailure) -> Void) -> String? {
        do throws(ServiceFailure) {
            try body()
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [nil, ""] as [String?]) func `a list ends with a page that names no other`(end: String?) throws {
        var paging = Paging("X")
        #expect(paging.token == nil)
        #expect(try paging.turn(to: "a", keeping: 1))
        #expect(paging.token == "a")
        #expect(try paging.turn(to: "b", keeping: 1))
        #expect(try !paging.turn(to: end, keeping: 1))
        #expect(paging.token == nil)
    }

    @Test func `a list that comes back to a place is an error, after however many pages`() throws {
        for length in [1, 2, 5000] {
            var paging = Paging("X")
            for number in 0..<length { #expect(try paging.turn(to: "\(number)", keeping: 0)) }
            let words = fault { () throws(ServiceFailure) in _ = try paging.turn(to: "0", keeping: 0) }
            #expect(words == "its answer is not understood: X: the same next token was received twice")
        }
    }

    @Test func `a list without end is read up to a limit`() {
        var (paging, pages) = (Paging("X"), 0)
        let words = fault { () throws(ServiceFailure) in
            while try paging.turn(to: "\(pages)", keeping: 100) { pages += 1 }
        }
        #expect(words?.hasSuffix("X: a list of more than 20000 pages") == true)
        #expect(pages == Paging.pageLimit - 1)
        var long = Paging("X")
        pages = 0
        let other = fault { () throws(ServiceFailure) in
            while try long.turn(to: "\(pages)", keeping: 16 << 20) { pages += 1 }
        }
        #expect(other?.hasSuffix("X: a list of more than 512 MiB") == true)
        #expect(pages == 31)
    }

    @Test func `a token of any length is not sent back`() {
        var paging = Paging("X")
        let token = String(repeating: "x", count: Paging.tokenLimit + 1)
        let words = fault { () throws(ServiceFailure) in _ = try paging.turn(to: token, keeping: 0) }
        #expect(words?.hasSuffix("X: a token of 16385 bytes") == true)
    }

    @Test func `a request has no longer than the list has left`() {
        let paging = Paging("X")
        #expect(paging.timeLeft() == 15_000)
        #expect(paging.timeLeft(10) == 10)
        #expect((1...Int(Paging.timeLimit)).contains(paging.timeLeft(.max)))
    }
}
