// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// A step that did not lead in, and why.
struct EntryAttempt: Sendable {
    let step: EntryStep
    let error: LatchkeyError
}
