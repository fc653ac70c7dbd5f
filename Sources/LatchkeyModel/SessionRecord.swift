// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A session as the control plane knows it: who entered what, when and how. It stays as history when it has ended.
package struct SessionRecord: Codable, Equatable, Identifiable, Sendable {
    /// `<caller name>-<17 hexadecimal digits>`.
    package let id: String
    /// The instance, which may be gone.
    package let target: Instance.ID
    /// The ARN of who started it.
    package let owner: String
    /// The kind of session, as the name of Session Manager's document.
    package let documentName: String
    package let reason: String?
    /// The document's parameters.
    package let parameters: [String: [String]]
    package var status: SessionStatus
    package let started: Date
    /// Nil as long as it has not ended.
    package var ended: Date?
    /// Why it ended or failed, for people.
    package var details: String?
    /// How long it may last, in minutes; nil for as long as it likes.
    package let maxDuration: Int?
    /// The user on the instance; nil for the agent's default.
    package let user: String?
    /// The node that its channels are connected to; nil in what an older version wrote.
    package let node: NodeID?

    package init(
        id: String,
        target: Instance.ID,
        owner: String,
        documentName: String,
        reason: String? = nil,
        parameters: [String: [String]] = [:],
        status: SessionStatus = .connecting,
        started: Date,
        ended: Date? = nil,
        details: String? = nil,
        maxDuration: Int? = nil,
        user: String? = nil,
        node: NodeID? = nil
    ) {
        self.id = id
        self.target = target
        self.owner = owner
        self.documentName = documentName
        self.reason = reason
        self.parameters = parameters
        self.status = status
        self.started = started
        self.ended = ended
        self.details = details
        self.maxDuration = maxDuration
        self.user = user
        self.node = node
    }
}
