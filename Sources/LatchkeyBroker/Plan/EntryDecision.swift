// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// What to do next on the way into an instance.
enum EntryDecision: Equatable, Sendable {
    /// Ask the relay whether the instance's agent is connected: what follows depends on that.
    case askAgent
    /// - because: what is told of why it is not the step before; nil for the first one.
    case take(EntryStep, because: LatchkeyError?)
    /// There is no other road.
    ///
    /// - note: what is told besides: why the relay is none.
    case stop(LatchkeyError, note: String?)
}
