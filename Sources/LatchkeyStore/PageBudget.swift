// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What a page may have in bytes, besides its number of elements: an answer that outgrew what its reader takes would be lost
/// with all that is in it.
///
/// Text is counted as it is stored. As XML or JSON it has up to five times as much, which stays within the 16 MiB that
/// clients take.
package struct PageBudget {
    package static let bytes = 2 << 20
    /// What an element has besides its text.
    package static let element = 1024
    /// What a tag has besides its text.
    private static let tag = 64

    private var left = PageBudget.bytes
    private var isEmpty = true

    package init() {}

    /// Whether an element of so many bytes is still in the page; the first one always is.
    package mutating func takes(_ bytes: Int) -> Bool {
        left -= bytes
        defer { isEmpty = false }
        return left >= 0 || isEmpty
    }

    package static func size(ofTag key: String, _ value: String) -> Int { tag + key.utf8.count + value.utf8.count }

    package static func size(of instance: InstanceDescription) -> Int {
        let options = instance.launch?.options?.utf8.count ?? 0
        return instance.tags.reduce(element + options) { $0 + size(ofTag: $1.key, $1.value) }
    }

    package static func size(of tags: Tags) -> Int { tags.reduce(0) { $0 + size(ofTag: $1.key, $1.value) } }
}
