// SPDX-License-Identifier: Apache-2.0

package import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeySessionProtocol
package import LatchkeyTransport

/// How to get to a session again, and again.
package struct RelaySessionAccess: Sendable {
    package let sessionID: String
    /// Where data channels of the session are opened.
    package let address: ServerAddress
    package let service: ServiceClient
    /// The same for as long as this process lives: it tells the relay a return from another client.
    package let clientID: String

    /// - Parameter streamURL: where the service says that data channels are opened.
    /// - Throws: `addressInvalid`; `cleartext` if what passes there could be read on the way, although the service itself is asked
    ///   over TLS or at this machine.
    package init(
        sessionID: String,
        streamURL: String,
        service: ServiceClient,
        clientID: String
    ) throws(TransportError) {
        let (endpoint, address) = (service.endpoint.address, try ServerAddress(url: streamURL))
        guard address.isSecure || (!endpoint.isSecure && (address.isLoopback || !endpoint.isLoopback)) else {
            throw .cleartext(address.webSocketOrigin.terminalSafe)
        }
        self.sessionID = sessionID
        self.address = address
        self.service = service
        self.clientID = clientID
    }

    /// - Parameter isNew: whether nothing of the agent has been heard yet.
    func opening(token: String, isNew: Bool = false) -> OpenDataChannel {
        var opening = OpenDataChannel(requestID: clientID, token: token)
        opening.clientID = clientID
        opening.clientVersion = Handshake.clientVersion
        opening.isNew = isNew
        return opening
    }

    /// Opens a connection for the session, signed by the user (AWS: `ssmmessages:OpenDataChannel`). What goes over it first is a
    /// token that was made for it.
    package func connect(timeout: Int) throws(TransportError) -> WebSocketConnection {
        try service.endpoint.openWebSocket(to: address, service: "ssmmessages", timeout: timeout)
    }

    /// What became of a search for a connection.
    enum Outcome {
        case connected(WebSocketConnection, token: String)
        /// The relay says that the session has ended.
        case over
        case failed(LatchkeyError)
    }

    /// Milliseconds for each step of an attempt.
    private static let timeout = 10_000

    /// Looks for another connection, without keeping the caller waiting.
    func reconnect() -> Reconnection<Outcome> {
        let error = LatchkeyError(
            .connectionLost,
            "the connection was lost, and no thread is left to look for another"
        )
        return Reconnection(pauses: 100...3000, withoutThread: .failed(error)) { attempt() }
    }

    /// - Returns: nil if it is worth trying again.
    private func attempt() -> Outcome? {
        do {
            let answer = try service.call(ResumeSession(sessionId: sessionID), timeout: RelaySessionAccess.timeout)
            guard let token = answer.tokenValue, !token.isEmpty else { return .over }
            return .connected(try connect(timeout: RelaySessionAccess.timeout), token: token)
        } catch let error as ServiceFailure {
            switch error {
            case .refused(let code, _, _) where code == "DoesNotExistException": return .over
            case .refused(_, let status, let message) where status < 500:
                return .failed(
                    LatchkeyError(
                        .connectionLost,
                        "the session cannot be resumed: \(message)",
                        hint: "latchkey session list shows whether it still runs"
                    )
                )
            default: return nil
            }
        } catch {
            return nil
        }
    }
}
