// SPDX-License-Identifier: Apache-2.0

/// What makes a message one of its kind; given from outside, so that the state machines need no clock and no chance.
package struct MessageStamp: Equatable, Sendable {
    package let id: MessageID
    /// Milliseconds since 1970.
    package let created: UInt64

    package init(id: MessageID, created: UInt64) {
        self.id = id
        self.created = created
    }
}
