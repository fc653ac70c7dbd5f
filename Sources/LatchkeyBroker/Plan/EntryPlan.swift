// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel

/// How an instance is to be entered: as whom, where, which host keys it may show, with which keys, over which roads in which
/// order. It is made of what this machine knows before anything is asked, and decides everything: `connect` carries it out,
/// `explain` shows it.
struct EntryPlan: Sendable {
    enum Goal: Sendable {
        /// A shell or a command, for which a session of the agent's does as well.
        case shell
        /// SSH itself, for what needs a connection.
        case ssh
    }

    let instance: Instance
    let goal: Goal
    let user: EntryUser
    let port: Int
    /// The only road to take; nil for the best one that is open.
    let road: Road?
    /// What is registered under the instance's key name.
    let registered: KeyPair?
    /// The key that the instance let in last, for this user.
    let accepted: PublicKey?
    /// Whether the user has named the key; then there is no other.
    let isKeyNamed: Bool
    /// The keys that are offered first: the one that was named, or those that are verified to be the instance's.
    let verified: [KeyProposal]
    /// Whose relay there is; nil for none.
    let relay: RelayClient.Documents?

    // MARK: What follows from it

    var hasVerifiedKey: Bool { isKeyNamed || !verified.isEmpty }

    /// Whether it is worth while to push a key. A latchkeyd knows; at AWS, whose EC2 Instance Connect needs no agent of Session
    /// Manager's, and at its look-alikes, only the instance does.
    func pushing(_ agent: AgentPresence) -> Pushing {
        guard let relay, !isKeyNamed else { return .unsupported }
        if case .connected(let takesPushedKeys?) = agent { return takesPushedKeys ? .supported : .unsupported }
        guard instance.id.hasPrefix(Identifier.instancePrefix) else { return .unsupported }
        return agent.isConnected || relay == .amazon ? .unknown : .unsupported
    }

    /// Whether another road, or another key, answers this error. A user who was asked for, and whom sshd refuses, is not gone
    /// around.
    func isLeft(for error: LatchkeyError) -> Bool {
        switch error.code {
        case .instanceUnreachable, .noKeyFits, .loginRefused, .passphraseUnavailable: true
        case .userRefused: user.source != .option
        default: false
        }
    }
}
