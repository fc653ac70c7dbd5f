// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
package import LatchkeySessionProtocol
internal import LatchkeySystem
package import LatchkeyTransport
internal import Synchronization

/// How the agent reaches the relay: the registration's key gives credentials for a while, and those sign each request.
package final class RelayAccess: Sendable {
    package enum Failure: Error {
        /// The session is over, says the relay.
        case over
        /// Worth trying again.
        case lost(String)
    }

    /// The time that several steps have together.
    private struct TimeLeft {
        private let deadline: Int64

        init(_ timeout: Int) { deadline = SystemClock.milliseconds() + Int64(timeout) }

        /// At least one, so that a step that is begun too late fails as one that takes too long.
        var milliseconds: Int { Int(max(1, deadline - SystemClock.milliseconds())) }
    }

    /// Seconds before their end, credentials are not used any more.
    private static let margin = 300.0

    package let registration: Registration
    private let credentials = Mutex<(Credentials, expires: Double)?>(nil)

    package init(_ registration: Registration) { self.registration = registration }

    /// Asks an operation of Systems Manager, signed with the agent's credentials.
    ///
    /// - Parameter timeout: milliseconds for all of it, the credentials included.
    func call<Request: ServiceRequest>(_ request: Request, timeout: Int = 30_000) throws -> Request.Response {
        let time = TimeLeft(timeout)
        let client = ServiceClient(endpoint(try currentCredentials(time)))
        return try client.call(request, timeout: time.milliseconds)
    }

    /// Credentials are asked for anew the next time, as after the relay refused them.
    func forgetCredentials() { credentials.withLock { $0 = nil } }

    /// - Parameter timeout: milliseconds for all of it.
    /// - Returns: a control channel, its first frame sent.
    package func openControlChannel(
        sessions: [String],
        takesPushedKeys: Bool = false,
        process: String? = nil,
        timeout: Int
    ) throws(Failure) -> WebSocketConnection {
        let time = TimeLeft(timeout)
        let path = "/v1/control-channel/\(registration.instanceID)"
        let token = try token(path, Payload.encode(ChannelRequest(requestID: Random.uuid())), time)
        let connection = try connect("\(path)?role=subscribe&stream=input", time)
        var opening = OpenControlChannel(requestID: Random.uuid(), token: token)
        opening.agentVersion = Handshake.agentVersion
        opening.platformType = "linux"
        opening.sessions = sessions
        opening.takesPushedKeys = takesPushedKeys
        opening.process = process
        connection.send(.text, Payload.encode(opening))
        return connection
    }

    /// - Parameter timeout: milliseconds for all of it.
    /// - Returns: a data channel and what to say on it first.
    package func openDataChannel(
        _ sessionID: String,
        timeout: Int
    ) throws(Failure) -> (WebSocketConnection, OpenDataChannel) {
        let time = TimeLeft(timeout)
        let path = "/v1/data-channel/\(sessionID)"
        let token = try token(path, Payload.encode(ChannelRequest(requestID: Random.uuid(), clientID: "")), time)
        let connection = try connect("\(path)?role=publish_subscribe", time)
        var opening = OpenDataChannel(requestID: Random.uuid(), token: token)
        opening.instanceID = registration.instanceID
        opening.clientID = ""
        opening.canBeTakenOver = true
        return (connection, opening)
    }

    /// The body of the request for a token.
    private struct ChannelRequest: Codable {
        var version = "1.0"
        var requestID: String
        var clientID: String?

        private enum CodingKeys: String, CodingKey {
            case version = "MessageSchemaVersion"
            case requestID = "RequestId"
            case clientID = "ClientId"
        }
    }

    private func token(_ path: String, _ body: [UInt8], _ time: TimeLeft) throws(Failure) -> String {
        do {
            let endpoint = endpoint(try currentCredentials(time))
            let response = try endpoint.send(
                "POST",
                path,
                service: "ssmmessages",
                body: body,
                timeout: time.milliseconds
            )
            guard response.status == 201 else {
                if response.excerpt.contains("Session is already terminated") { throw Failure.over }
                if response.status == 403 || response.status == 401 { forgetCredentials() }
                throw Failure.lost("the relay answered \(response.status): \(response.excerpt)")
            }
            let text = String(decoding: response.body, as: UTF8.self)
            guard let start = text.firstRange(of: "<TokenValue>"), let end = text.firstRange(of: "</TokenValue>"),
                start.upperBound < end.lowerBound
            else { throw Failure.lost("the relay gave no token") }
            return String(text[start.upperBound..<end.lowerBound])
        } catch let failure as Failure {
            throw failure
        } catch let failure as ServiceFailure {
            throw .lost(failure.message)
        } catch let error as TransportError {
            throw .lost(error.message)
        } catch {
            throw .lost("\(error)".terminalSafe)
        }
    }

    private func connect(_ path: String, _ time: TimeLeft) throws(Failure) -> WebSocketConnection {
        do {
            let endpoint = endpoint(try currentCredentials(time))
            return try endpoint.openWebSocket(path, service: "ssmmessages", timeout: time.milliseconds)
        } catch let failure as Failure {
            throw failure
        } catch let failure as ServiceFailure {
            throw .lost(failure.message)
        } catch let error as TransportError {
            if case .refused(let status, _) = error, status == 403 { forgetCredentials() }
            throw .lost(error.message)
        } catch {
            throw .lost("\(error)".terminalSafe)
        }
    }

    private func endpoint(_ credentials: Credentials) -> ServiceEndpoint {
        ServiceEndpoint(
            address: registration.address,
            trust: registration.trust,
            region: registration.region,
            credentials: credentials
        )
    }

    private func currentCredentials(_ time: TimeLeft) throws -> Credentials {
        let now = Double(SystemClock.wallMilliseconds()) / 1000
        if let (known, expires) = credentials.withLock({ $0 }), expires - now > RelayAccess.margin { return known }
        let answer = try registration.requestRoleToken(timeout: time.milliseconds)
        let fresh = Credentials(
            accessKeyID: answer.accessKeyId,
            secretAccessKey: answer.secretAccessKey,
            sessionToken: answer.sessionToken
        )
        credentials.withLock { $0 = (fresh, answer.tokenExpirationDate.timeIntervalSince1970) }
        return fresh
    }
}
