// SPDX-License-Identifier: Apache-2.0

package import LatchkeySystem

/// Shows nothing, and answers no question.
package struct SilentInteraction: Interaction {
    package init() {}

    package func note(_ message: String) {}
    package func banner(_ lines: [String]) {}
    package func passphrase(_ question: String) throws -> Secret? { nil }
    package func confirm(_ question: String) throws -> Bool? { nil }
}
