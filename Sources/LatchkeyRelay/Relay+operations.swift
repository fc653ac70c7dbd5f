// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import FoundationEssentials
internal import LatchkeyMetrics
package import LatchkeyModel
package import LatchkeySessionProtocol
package import NIOCore

/// What operations ask for, from any thread.
extension Relay {
    /// Tells the agent to start a session, and makes the client's token.
    ///
    /// - Parameter grant: what the client's channel rests on.
    /// - Returns: nil if the agent has gone meanwhile.
    package func begin(
        _ task: SessionTask,
        of record: SessionRecord,
        type: SessionType,
        on grant: Grant
    ) -> EventLoopFuture<String?> {
        loop.submit {
            guard let control = self.controls[record.target] else { return nil }
            self.sessions[record.id] = RelaySession(record, type: type, end: Relay.end(of: record))
            control.send(
                .startSession,
                TaskEnvelope(
                    taskID: record.id,
                    topic: MessageType.startSession.rawValue,
                    content: String(decoding: Payload.encode(task), as: UTF8.self)
                )
            )
            self.metrics.sessionsStarted.increment()
            return self.tokens.make(.client(sessionID: record.id), on: grant)
        }
    }

    /// When a session ends whatever happens, counted from its start, which may have been in another process.
    private static func end(of record: SessionRecord) -> NIODeadline? {
        guard let minutes = record.maxDuration else { return nil }
        let left = Double(minutes) * 60 + record.started.timeIntervalSinceNow
        return .now() + .seconds(Int64(max(0, left)))
    }

    /// Takes up a session again that the store knows and this relay does not, as after a restart.
    package func adopt(_ record: SessionRecord, type: SessionType) -> EventLoopFuture<Void> {
        loop.submit {
            guard self.sessions[record.id] == nil else { return }
            let session = RelaySession(record, type: type, end: Relay.end(of: record))
            session.adopt()
            self.sessions[record.id] = session
        }
    }

    /// A token for the client of a session; nil if the session is over.
    ///
    /// - Parameter grant: what the client's channel rests on.
    package func clientToken(for sessionID: String, on grant: Grant) -> EventLoopFuture<String?> {
        loop.submit {
            guard self.sessions[sessionID] != nil else { return nil }
            return self.tokens.make(.client(sessionID: sessionID), on: grant)
        }
    }

    /// What becomes of an agent's request for a data channel's token.
    package enum AgentTokenAnswer: Sendable {
        case token(String)
        case over
        /// The session is another instance's.
        case denied
    }

    /// A token for the agent of a session.
    ///
    /// - Parameter admission: of the agent that asks.
    package func agentToken(for sessionID: String, _ admission: ChannelAdmission) -> EventLoopFuture<AgentTokenAnswer> {
        loop.submit {
            guard let session = self.sessions[sessionID] else { return .over }
            guard admission.authorize(session.resource), let grant = self.grant(toAgentOf: session.target) else {
                return .denied
            }
            return .token(self.tokens.make(.agent(sessionID: sessionID), on: grant))
        }
    }

    /// - Throws: ``InstanceRemoved`` if that has happened at this moment.
    package func controlToken(for instanceID: String) -> EventLoopFuture<String> {
        loop.submit {
            guard let grant = self.grant(toAgentOf: instanceID) else {
                throw InstanceRemoved()
            }
            return self.tokens.make(.control(instanceID: instanceID), on: grant)
        }
    }

    /// Ends a session; false if there is none.
    package func terminate(_ sessionID: String, reason: String) -> EventLoopFuture<Bool> {
        loop.submit {
            guard let session = self.sessions[sessionID] else { return false }
            self.finish(session, .terminated, reason)
            return true
        }
    }

    /// Ends the sessions of an instance that has stopped: nothing of them is left there.
    package func terminateSessions(of instanceID: String, reason: String) {
        loop.execute {
            for session in self.sessions.values where session.target == instanceID {
                self.finish(session, .terminated, reason)
            }
        }
    }
}
