// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// How an instance was launched, and what became of it since. One that was added, or registered itself, has none.
package struct LaunchRecord: Equatable, Sendable {
    /// Why an instance is in its state, in EC2's words, for example `Client.UserInitiatedShutdown`.
    package struct StateReason: Equatable, Sendable {
        package var code: String
        package var message: String

        package init(code: String, message: String) {
            self.code = code
            self.message = message
        }

        /// A user asked for it to be stopped.
        package static let userStopped = StateReason(
            code: "Client.UserInitiatedShutdown",
            message: "Client.UserInitiatedShutdown: User initiated shutdown"
        )
        /// It ended by itself.
        package static let selfStopped = StateReason(
            code: "Client.InstanceInitiatedShutdown",
            message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown"
        )

        /// The machine could not be started.
        package static func internalError(_ why: String) -> StateReason {
            StateReason(code: "Server.InternalError", message: "Server.InternalError: \(why)")
        }
    }

    /// Repeats of a request that was made once, told by its token.
    package struct Idempotency: Equatable, Sendable {
        package let clientToken: String
        /// The SHA-256 of what was asked for: the same token with other words is a mistake.
        package let requestDigest: [UInt8]

        package init(clientToken: String, requestDigest: [UInt8]) {
            self.clientToken = clientToken
            self.requestDigest = requestDigest
        }
    }

    /// Seconds after which an instance is taken for one without an agent.
    package static let agentTime = 30.0

    package let instanceID: Instance.ID
    /// `r-…`, of all instances that one request launched.
    package let reservationID: String
    /// Its place among them, from 0.
    package let launchIndex: Int
    package let imageID: String
    package let instanceType: String
    /// When it was launched, or started the last time.
    package var launched: Date
    package let idempotency: Idempotency?
    /// The container's id at its engine; nil until it has one.
    package var container: String?
    package var stateReason: StateReason?
    package var stateChanged: Date
    /// What was asked for besides, and is told again: a text of the service's own. Nil for nothing.
    package var options: String?

    package init(
        instanceID: Instance.ID,
        reservationID: String = Identifier.make(prefix: Identifier.reservationPrefix),
        launchIndex: Int = 0,
        imageID: String,
        instanceType: String,
        launched: Date,
        idempotency: Idempotency? = nil,
        container: String? = nil,
        stateReason: StateReason? = nil,
        stateChanged: Date,
        options: String? = nil
    ) {
        self.instanceID = instanceID
        self.reservationID = reservationID
        self.launchIndex = launchIndex
        self.imageID = imageID
        self.instanceType = instanceType
        self.launched = launched
        self.idempotency = idempotency
        self.container = container
        self.stateReason = stateReason
        self.stateChanged = stateChanged
        self.options = options
    }

    /// Whether its agent, if it has one, may be on its way still: it was launched or started just now.
    package func isAgentExpected(at date: Date) -> Bool {
        date.timeIntervalSince(launched) < LaunchRecord.agentTime
    }
}
