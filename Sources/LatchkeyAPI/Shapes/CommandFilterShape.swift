// SPDX-License-Identifier: Apache-2.0

/// A word of the lists for which ones to tell.
package struct CommandFilterShape: Codable, Sendable {
    package var key: String
    package var value: String
}
