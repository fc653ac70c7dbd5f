// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What tags to list: those that fit one of the patterns.
package struct TagFilter: Sendable {
    package enum Attribute: Equatable, Sendable {
        case key
        case value
        case resourceID
        case resourceType
        /// The value of the tag with this key.
        case tag(key: String)
    }

    package let attribute: Attribute
    package let patterns: [WildcardPattern]

    /// - Parameter name: EC2's word: `key`, `value`, `resource-id`, `resource-type`, `tag:…`.
    /// - Returns: nil for a word that means nothing here.
    package init?(name: String, patterns: [WildcardPattern]) {
        self.patterns = patterns
        switch name {
        case _ where name.hasPrefix("tag:"): attribute = .tag(key: String(name.dropFirst("tag:".count)))
        case "key": attribute = .key
        case "value": attribute = .value
        case "resource-id": attribute = .resourceID
        case "resource-type": attribute = .resourceType
        default: return nil
        }
    }
}
