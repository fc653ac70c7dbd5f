// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A place in a list that is in the order of time, between two of its elements. It stays where it is when others are
/// added or removed, the element before it included.
package struct PageCursor: Equatable, Sendable {
    /// When the element before it came about, in milliseconds since 1970.
    package let time: Int64
    package let id: String

    package init(_ date: Date, _ id: String) {
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
