// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import NIOCore

/// What happens because of the time.
extension Relay {
    func tick() {
        let now = NIODeadline.now()
        tokens.dropExpired()
        for link in openingControls.values where now - link.opened > limits.opening {
            link.handler?.close(.policyViolation)
        }
        for link in unauthenticated.values where now - link.opened > limits.opening {
            link.handler?.close(.policyViolation)
        }
        for (link, until) in closingLinks.values where now > until { link.handler?.close(.normal) }
        for control in controls.values {
            keepAlive(control.handler, now)
            if control.hasFailed(within: limits.challenge, now) { control.handler?.close(.goingAway) }
        }
        for session in sessions.values {
            keepAlive(session.client?.handler, now)
            // An agent that is not read for want of room cannot be heard.
            if session.official?.isFull != true { keepAlive(session.agent?.handler, now) }
            watch(session, now)
        }
        metrics.agents.set(controls.count)
        metrics.sessions.set(sessions.count)
        // What traffic needed is free now, and most of the time the sessions idle.
        if calm.hasReturned() { ProcessMemory.giveBack() }
    }

    private func watch(_ session: RelaySession, _ now: NIODeadline) {
        if let end = session.end, now >= end {
            return finish(session, .terminated, .timeLimit)
        }
        if now - session.lastActivity > limits.idle {
            return finish(session, .terminated, .idle)
        }
        let limit = session.clientIsOwn ? limits.clientReturn.own : limits.clientReturn.official
        if let since = session.clientAwaySince, session.isOverWithItsClient, now - since > limit {
            return finish(session, .terminated, .clientEnded)
        }
        session.releaseLateHandshake()
        endIfDone(session)
        if session.ending == nil, let since = session.agentAwaySince {
            if !session.agentWasThere, now - since > .seconds(30) {
                return finish(session, .failed, .agentDidNotOpen)
            }
            if controls[session.target] != nil, session.agentWasThere, now - since > limits.agentForgot {
                return finish(session, .failed, .agentDidNotReturn)
            }
            if now - since > limits.agentAway { return finish(session, .failed, .agentWentAway) }
        }
        // A client that does not read must not keep the agent from hearing a ping.
        if let client = session.client?.handler, !client.isWritable {
            if let since = session.stalledSince {
                if now - since > limits.stall, !session.isPaused { session.pauseAgent() }
                session.agent?.handler?.resumeReading()
            } else {
                session.stalledSince = now
            }
        }
    }

    private func keepAlive(_ handler: SocketHandler?, _ now: NIODeadline) {
        guard let handler else { return }
        if now - handler.lastHeard > limits.silence {
            handler.close(.goingAway)
        } else if now - handler.lastHeard > limits.ping && now - handler.lastPing > limits.ping {
            handler.ping()
        }
    }
}
