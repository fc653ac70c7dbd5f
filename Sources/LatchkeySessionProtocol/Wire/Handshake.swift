// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto

/// The three payloads with which the two ends of a session agree on what it is. They are stream data and count as such.
package enum Handshake {
    /// What Latchkey's agent says it is to ends that compare versions with those of the official agent: new enough for
    /// multiplexed ports without keep-alives (greater than 3.1.1511.0).
    package static let agentVersion = "3.3.1142.0"
    /// What Latchkey's client says it is: one that signs its data channel, which AWS asks for from 1.2.764.0 on, and does not look
    /// at whose address that has, as those from 1.2.889.0 on do.
    package static let clientVersion = "1.2.792.0"

    /// What Latchkey's ends can do beyond the official ones. An official end does not see the field, and is not shown any
    /// of it.
    package struct Extensions: Codable, Equatable, Sendable {
        /// Acknowledgements count for all messages up to theirs.
        package var cumulative: Bool
        /// The types `inputEnd` and `signal` are understood, and an exit status is told for every kind of session.
        package var process: Bool

        /// Messages of the stream may come with a checksum in place of the digest.
        package var checksum: Bool?
        /// A stream of several that is closed is so in one direction.
        package var halfClose: Bool?
        /// From a client: the most bytes of output that it wants to be under way, since it cannot stop reading, as in a browser. Nil
        /// for as many as the agent likes.
        package var window: Int?

        package static let all = Extensions(
            cumulative: true,
            process: true,
            checksum: Checksum.isAvailable,
            halfClose: true
        )

        private enum CodingKeys: String, CodingKey {
            case cumulative = "CumulativeAcknowledgement"
            case process = "ProcessControl"
            case checksum = "PayloadChecksum"
            case halfClose = "HalfClose"
            case window = "Window"
        }
    }

    package struct Request: Codable, Equatable, Sendable {
        package struct Action: Codable, Equatable, Sendable {
            package var type: String
            package var parameters: Parameters?

            private enum CodingKeys: String, CodingKey {
                case type = "ActionType"
                case parameters = "ActionParameters"
            }
        }

        package struct Parameters: Codable, Equatable, Sendable {
            package var sessionType: String?
            package var properties: SessionProperties?

            private enum CodingKeys: String, CodingKey {
                case sessionType = "SessionType"
                case properties = "Properties"
            }
        }

        package var agentVersion: String
        package var actions: [Action]
        package var extensions: Extensions?

        private enum CodingKeys: String, CodingKey {
            case agentVersion = "AgentVersion"
            case actions = "RequestedClientActions"
            case extensions = "Latchkey"
        }

        /// What Latchkey's agent asks for.
        package init(sessionType: SessionType, properties: SessionProperties?) {
            agentVersion = Handshake.agentVersion
            actions = [
                Action(
                    type: "SessionType",
                    parameters: Parameters(sessionType: sessionType.rawValue, properties: properties)
                )
            ]
            extensions = .all
        }
    }

    package struct Response: Codable, Equatable, Sendable {
        package struct Action: Codable, Equatable, Sendable {
            package var type: String
            /// 1 success, 2 failed, 3 unsupported.
            package var status: Int
            package var error: String?

            private enum CodingKeys: String, CodingKey {
                case type = "ActionType"
                case status = "ActionStatus"
                case error = "Error"
            }
        }

        package var clientVersion: String
        package var actions: [Action]
        package var errors: [String]?
        package var extensions: Extensions?

        private enum CodingKeys: String, CodingKey {
            case clientVersion = "ClientVersion"
            case actions = "ProcessedClientActions"
            case errors = "Errors"
            case extensions = "Latchkey"
        }

        /// Latchkey's client's answer: every session type is known to it, encryption with a service of Amazon's is not.
        package init(to request: Request) {
            clientVersion = Handshake.clientVersion
            actions = request.actions.map { action in
                let isKnown = action.type == "SessionType"
                return Action(
                    type: action.type,
                    status: isKnown ? 1 : 3,
                    error: isKnown ? "" : "Latchkey does not encrypt a second time"
                )
            }
            errors = nil
            extensions = request.extensions == nil ? nil : .all
        }

        /// Why the client did not agree; nil if it did.
        package var refusal: String? {
            guard let action = actions.first(where: { $0.status != 1 }) else { return nil }
            let reason = [action.error, errors?.first].compactMap { $0 }.first { !$0.isEmpty }
            return "the client refused \(action.type)" + (reason.map { ": \($0)" } ?? "")
        }
    }

    package struct Complete: Codable, Equatable, Sendable {
        /// Nanoseconds.
        package var duration: Int64
        /// A line for the user; empty for none.
        package var message: String

        private enum CodingKeys: String, CodingKey {
            case duration = "HandshakeTimeToComplete"
            case message = "CustomerMessage"
        }

        package init(duration: Int64, message: String = "") {
            self.duration = duration
            self.message = message
        }
    }
}
