// SPDX-License-Identifier: Apache-2.0

/// Why a relay ends a session: its raw value is what clients, agents and DescribeSessions are told.
package enum SessionEndReason: String, CaseIterable, Sendable {
    case over = "the session is over"
    case terminated = "the session was terminated"
    case timeLimit = "the session has reached its time limit"
    case idle = "the session was idle for too long"
    case clientEnded = "its client has ended"
    case takenOver = "another client has taken the session over"
    case cannotBeTakenOver = "the instance's agent cannot hand a running session to another client"
    case keyDeleted = "the access key was deleted"
    case signedOut = "its user is not signed in to the console any more"
    case ownerKeyDeleted = "the access key of the session's owner was deleted"
    case instanceRemoved = "the instance was removed"
    case instanceStopped = "the instance has stopped"
    case agentDidNotOpen = "the instance's agent did not open the session"
    case agentDidNotReturn = "the instance's agent did not come back to the session"
    case agentWentAway = "the instance's agent went away"
    case agentRestarted = "the agent was started anew, the session ended with it"
    case agentFailed = "the agent could not run the session"

    /// What its user can do about that.
    package var hint: String {
        switch self {
        case .over, .terminated, .clientEnded: "connect again; latchkey session list shows which sessions still run"
        case .timeLimit, .idle: "connect again; tmux and nohup keep what is to outlive a session"
        case .signedOut: "sign in again: Sessions leads back to it"
        case .takenOver: "latchkey session attach takes it back"
        case .cannotBeTakenOver: "end it by latchkey session terminate, and connect anew"
        case .keyDeleted, .ownerKeyDeleted: "latchkeyd access-key create makes another one"
        case .instanceRemoved, .instanceStopped: "latchkey instance list shows which instances are there"
        case .agentDidNotOpen, .agentDidNotReturn, .agentWentAway, .agentRestarted, .agentFailed:
            SessionEndReason.agentHint
        }
    }

    private static let agentHint = "the agent's log on the instance says more: journalctl -u latchkey-agent"

    /// The hint for an end in whosever words, those of an agent included.
    package static func hint(for message: String) -> String { SessionEndReason(rawValue: message)?.hint ?? agentHint }
}
