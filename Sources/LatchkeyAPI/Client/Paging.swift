// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The way through a list that comes in pages. How it goes on is the server's to say, and so it is bounded here: a list has an
/// end, and a place in it is reached once.
package struct Paging {
    /// 50 to a page, as Systems Manager has them, this is a million.
    static let pageLimit = 20_000
    /// The most memory that the records of one list may take, in bytes: some 200,000 instances with a dozen tags each.
    static let byteLimit = 512 << 20
    /// The most milliseconds for one list. 100,000 instances of EC2's are read in less than one minute.
    static let timeLimit: Int64 = 300_000
    /// The most bytes of a token. EC2's have some hundred.
    static let tokenLimit = 16 * 1024

    private let operation: String
    private let deadline = SystemClock.milliseconds() + timeLimit
    private var pages = 0
    private var bytes = 0
    /// Hashes of all tokens so far. Two that are different and have the same would end a list in an error, which has never
    /// happened with 64 bits and another seed each time.
    private var seen: Set<Int> = []
    /// What the next request shows; nil at the beginning.
    package private(set) var token: String?

    /// - Parameter operation: for messages.
    package init(_ operation: String) { self.operation = operation }

    /// The milliseconds that the next request may take.
    ///
    /// - Parameter most: what one request may take at all.
    package func timeLeft(_ most: Int = 15_000) -> Int {
        Int(clamping: max(1, min(Int64(most), deadline - SystemClock.milliseconds())))
    }

    /// Goes on to the next page.
    ///
    /// - Parameters:
    ///   - next: the token of the page that was just read; nil or empty on the last one.
    ///   - byteCount: what is kept of it, by ``RecordList/byteCount``.
    /// - Returns: whether there is another page.
    /// - Throws: `malformed` for a list that goes round, or does not end within limits.
    package mutating func turn(to next: String?, keeping byteCount: Int) throws(ServiceFailure) -> Bool {
        pages += 1
        bytes += byteCount
        guard let next, !next.isEmpty else {
            token = nil
            return false
        }
        guard next.utf8.count <= Paging.tokenLimit else { throw fault("a token of \(next.utf8.count) bytes") }
        guard seen.insert(next.hashValue).inserted else { throw fault("the same next token was received twice") }
        guard pages < Paging.pageLimit else { throw fault("a list of more than \(pages) pages") }
        guard bytes < Paging.byteLimit else { throw fault("a list of more than \(Paging.byteLimit >> 20) MiB") }
        guard SystemClock.milliseconds() < deadline else {
            throw fault("a list that goes on after \(Paging.timeLimit / 1000) s and \(pages) pages")
        }
        token = next
        return true
    }

    private func fault(_ what: String) -> ServiceFailure { .malformed("\(operation): \(what)") }
}
