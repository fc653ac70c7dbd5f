// SPDX-License-Identifier: Apache-2.0

/// A word of SendCommand's for several instances: `tag:KEY` or `InstanceIds`, and values of which one is to fit.
package struct CommandTarget: Codable, Equatable, Sendable {
    package let key: String
    package let values: [String]

    package init(key: String, values: [String]) {
        self.key = key
        self.values = values
    }
}
