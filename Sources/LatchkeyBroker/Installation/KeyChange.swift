// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
package import LatchkeyModel

/// What became of an instance whose keys were to change.
package struct KeyChange: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        /// The key was added, and the instance knows it.
        case installed
        /// The key was added and verified, and the old one is gone.
        case replaced
        /// Nothing had to be done.
        case unchanged
        /// What would be done (`--dry-run`).
        case planned
        /// Nothing has changed, or what had was undone, or the detail says otherwise.
        case failed
    }

    package let instance: String
    package let id: String
    package let outcome: Outcome
    /// In words that are safe for a terminal.
    package let detail: String

    package init(_ instance: Instance, _ outcome: Outcome, _ detail: String) {
        self.instance = instance.name ?? instance.id
        id = instance.id
        self.outcome = outcome
        self.detail = detail
    }
}
