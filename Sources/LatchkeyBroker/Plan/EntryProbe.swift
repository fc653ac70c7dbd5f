// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel

/// What came of asking an instance, over SSH to its address and without logging in, which of a plan's keys it knows.
struct EntryProbe: Sendable {
    /// Why it could not be asked, or not to the end.
    var failure: LatchkeyError?
    /// The first key that it knows.
    var accepted: KeyProposal?
    var refused: [KeyCandidate] = []
    var wasReached = false
}
