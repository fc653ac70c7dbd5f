// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import FoundationEssentials
internal import LatchkeyHTTP
internal import LatchkeyMetrics
package import LatchkeyModel
internal import LatchkeySessionProtocol
internal import Logging
internal import NIOCore

/// Agents' control channels.
extension Relay {
    func opened(_ link: ControlLink) { openingControls[ObjectIdentifier(link)] = link }

    func open(_ link: ControlLink, _ message: ByteBuffer) {
        openingControls[ObjectIdentifier(link)] = nil
        guard let opening = Payload.decode(OpenControlChannel.self, message.readableBytesView),
            let grant = tokens.redeem(opening.token, .control(instanceID: link.instanceID)), stands(grant)
        else {
            refused("a control channel without a valid token", link.instanceID)
            link.handler?.close(.policyViolation)
            return
        }
        guard !isTaken(link.instanceID, for: opening.process) else {
            link.handler?.close(.policyViolation)
            return
        }
        link.isOpen = true
        link.grant = grant
        link.process = opening.process
        link.agentVersion = opening.agentVersion?.cut(to: .agentVersion)
        link.isOwn = opening.sessions != nil
        link.takesPushedKeys = opening.takesPushedKeys ?? false
        // The newest of a process wins, and of official ones the newest of all: the older one may be a connection that is dead and does not know it.
        let older = controls.updateValue(link, forKey: link.instanceID)
        older?.handler?.close(.normal)
        log.info("agent connected", metadata: ["instance": "\(link.instanceID)"])
        events.pinged(link.instanceID)
        jobs?.agentCame(link.instanceID)
        answerArrivals(link)
        guard let alive = opening.sessions else { return }
        for session in sessions.values where session.target == link.instanceID && !alive.contains(session.id) {
            // One that is just being started is not known there yet.
            if session.agentWasThere {
                finish(session, .failed, .agentRestarted)
            }
        }
    }

    /// Whether an agent is there that has the same registration and is another process: a copied machine, say. Each would take the
    /// other's place again and again, and commands would run on either. The one that was there first stays, if it gives a sign
    /// of life.
    ///
    /// - Parameter process: of the one that comes; nil for an official agent, which cannot be told from itself.
    package func isTaken(_ instanceID: Instance.ID, for process: String?) -> Bool {
        guard let process, let older = controls[instanceID], let its = older.process, its != process else {
            return false
        }
        older.challenge()
        copies[instanceID] = Date()
        refused("a second agent with the same registration", instanceID)
        return true
    }

    func closed(_ link: ControlLink) {
        openingControls[ObjectIdentifier(link)] = nil
        guard controls[link.instanceID] === link else { return }
        controls[link.instanceID] = nil
        log.info("agent disconnected", metadata: ["instance": "\(link.instanceID)"])
    }

    func received(_ message: ByteBuffer, from link: ControlLink) {
        // Telemetry and replies to tasks that were never given: an agent may send them, and they are ignored.
        guard let (header, payload) = read(message), !receivedAboutJob(header, payload, from: link),
            header.type == .taskComplete
        else { return }
        guard let content = Payload.decode(TaskCompleteContent.self, payload) else {
            metrics.refusedFrames.increment()
            return
        }
        link.send(
            .taskAcknowledge,
            TaskAcknowledgeContent(messageID: header.id.description, taskID: content.taskID, topic: content.topic)
        )
        guard let session = sessions[content.taskID], session.target == link.instanceID else { return }
        if content.finalStatus == "Success" {
            agentEnded(session, .terminated, "")
        } else {
            let message = (content.output ?? "").cut(to: .sessionDetails)
            finish(session, .failed, message.isEmpty ? SessionEndReason.agentFailed.rawValue : message)
        }
    }
}
