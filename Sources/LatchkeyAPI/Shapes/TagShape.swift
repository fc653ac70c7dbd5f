// SPDX-License-Identifier: Apache-2.0

/// A tag in the shape of Systems Manager.
package struct TagShape: Codable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
