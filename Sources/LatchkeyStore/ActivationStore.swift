// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Activations, and what registers with them. The count of registrations never exceeds an activation's limit, whatever comes at
/// the same time.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol ActivationStore: Sendable {
    /// Adds an activation. One for a launched instance takes the place of those before it.
    ///
    /// - Parameter codeDigest: the SHA-256 of the activation code. The code itself is never stored.
    func add(_ activation: Activation, codeDigest: [UInt8]) throws

    /// The activations that fulfil all filters, the oldest first. Those of launched instances are left out: they are made for
    /// one machine, and are of no use to another.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - cursor: where the page before this one ended.
    func activations(
        _ filters: [ActivationFilter],
        limit: Int,
        after cursor: PageCursor?
    ) throws -> Page<Activation>

    /// - Returns: nil if there is none of that id.
    func activation(_ id: Activation.ID) throws -> Activation?

    /// Whether there is an activation with this id and code that has not expired, however many have registered with it.
    ///
    /// - Parameter codeDigest: the SHA-256 of its code.
    func activationIsGood(_ id: Activation.ID, codeDigest: [UInt8], at date: Date) throws -> Bool

    /// Deletes an activation. The instances that registered with it stay.
    ///
    /// - Throws: `activationInvalid` if there is none of that id.
    func removeActivation(_ id: Activation.ID) throws

    /// Registers a machine as an instance `mi-…`, with the activation's tags and, if it is free, its default name; with an
    /// activation of a launched instance, as that one, where it takes the place of the agent before.
    ///
    /// A machine that did not hear the answer asks again, with the key that it showed before: it gets the same instance, and
    /// counts once. That holds for as long as the activation does and nothing was heard of the agent. An id is of no use to others
    /// without the private half of the key.
    ///
    /// - Parameters:
    ///   - codeDigest: the SHA-256 of the code that the machine gave.
    ///   - publicKeyDER: the key that its agent will sign with, as a SubjectPublicKeyInfo.
    ///   - joins: whether the machine may turn out to be the instance that has the activation's default name already, if
    ///     that has no agent and the activation is for one machine.
    /// - Throws: `activationInvalid` for an unknown id, a wrong code or a launched instance that is terminated; only where the code is
    ///   right `activationExpired` and `activationExhausted`.
    func register(
        activationID: Activation.ID,
        codeDigest: [UInt8],
        publicKeyDER: [UInt8],
        machineFingerprint: String,
        joins: Bool,
        at date: Date
    ) throws -> Instance
}
