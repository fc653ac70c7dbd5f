// SPDX-License-Identifier: Apache-2.0

/// The answer to operations that have nothing to say.
package struct EmptyResponse: Codable, Sendable {
    package init() {}
}
