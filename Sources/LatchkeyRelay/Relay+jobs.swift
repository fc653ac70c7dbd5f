// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyMetrics
package import LatchkeyModel
package import LatchkeySessionProtocol
internal import NIOCore

/// Who is told what agents say of the commands that they run. Nothing waits for it.
package protocol JobReceiver: Sendable {
    /// An agent's control channel is open.
    func agentCame(_ instanceID: Instance.ID)

    /// An agent has a job, or does not take it.
    func acknowledged(_ content: JobAcknowledgeContent, by instanceID: Instance.ID)

    /// What has become of a job.
    ///
    /// - Parameter acknowledge: to be called once that is safe; else the agent says it again.
    func replied(
        _ content: JobReplyContent,
        by instanceID: Instance.ID,
        acknowledge: @escaping @Sendable () -> Void
    )
}

/// Commands over agents' control channels.
extension Relay {
    /// Sends a job, if the agent is there. From any thread.
    package func send(_ job: JobEnvelope, to instanceID: Instance.ID) {
        loop.execute { self.controls[instanceID]?.send(.job, job) }
    }

    /// - Returns: whether the message was about a job.
    func receivedAboutJob(_ header: MessageHeader, _ payload: ArraySlice<UInt8>, from link: ControlLink) -> Bool {
        switch header.type {
        case .jobAcknowledge:
            guard let content = Payload.decode(JobAcknowledgeContent.self, payload) else { break }
            jobs?.acknowledged(content, by: link.instanceID)
            return true
        case .jobReply:
            guard let content = Payload.decode(JobReplyContent.self, payload) else { break }
            let (id, messageID, loop) = (link.instanceID, header.id.description, loop)
            jobs?
                .replied(content, by: id) { [weak self] in
                    loop.execute { [weak self] in
                        let answer = JobReplyAcknowledgeContent(jobID: content.jobID, messageID: messageID)
                        self?.controls[id]?.send(.jobReplyAcknowledge, answer)
                    }
                }
            return true
        default: return false
        }
        metrics.refusedFrames.increment()
        return true
    }
}
