// SPDX-License-Identifier: Apache-2.0

/// A part of a list that is too long to be given at once.
package struct Page<Element: Sendable>: Sendable {
    package let elements: [Element]
    /// Behind what the next page begins; nil if this is the last one.
    package let next: PageCursor?

    /// - Parameters:
    ///   - found: at most one more than `limit`; whether it is there says if there is a next page.
    ///   - size: the bytes that an element has in an answer. Those that are too much for the page are on the next one.
    package init(_ found: [Element], limit: Int, size: (Element) -> Int, cursor: (Element) -> PageCursor) {
        var budget = PageBudget()
        elements = Array(found.prefix(limit).prefix { budget.takes(size($0)) })
        next = found.count > elements.count ? elements.last.map(cursor) : nil
    }
}
