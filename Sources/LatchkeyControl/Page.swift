// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// A part of a list that is too long to be given at once.
package struct Page<Element: Sendable>: Sendable {
    package let elements: [Element]
    /// Behind what the next page begins; nil if this is the last one.
    package let next: PageCursor?

    /// - Parameters:
    ///   - found: at most one more than `limit`; whether it is there says if there is a next page.
    ///   - size: the bytes that an element has in an answer. Those that are too much for the page are on the next one.
    init(_ found: [Element], limit: Int, size: (Element) -> Int, cursor: (Element) -> PageCursor) {
        var budget = PageBudget()
        elements = Array(found.prefix(limit).prefix { budget.takes(size($0)) })
        next = found.count > elements.count ? elements.last.map(cursor) : nil
    }
}

/// A place in a list that is in the order of time, between two of its elements. It stays where it is when others are
/// added or removed, the element before it included.
package struct PageCursor: Equatable, Sendable {
    /// When the element before it came about, in milliseconds since 1970.
    let time: Int64
    let id: String

    init(_ date: Date, _ id: String) {
        time = date.milliseconds
        self.id = id
    }

    /// The cursor that ``text`` gave; nil for any other text.
    package init?(_ text: String) {
        guard let separator = text.firstIndex(of: "."), let time = Int64(text[..<separator]) else { return nil }
        self.time = time
        id = String(text[text.index(after: separator)...])
        if id.isEmpty { return nil }
    }

    /// For a client to hand back.
    package var text: String { "\(time).\(id)" }
}
