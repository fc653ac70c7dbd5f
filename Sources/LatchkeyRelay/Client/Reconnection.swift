// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyAPI
internal import LatchkeyModel
package import LatchkeyTransport
internal import Synchronization

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

    func opening(token: String) -> OpenDataChannel {
        var opening = OpenDataChannel(requestID: clientID, token: token)
        opening.clientID = clientID
        opening.clientVersion = Handshake.clientVersion
        return opening
    }

    /// Opens a connection for the session, with a token that is made for it.
    package func connect(timeout: Int) throws(TransportError) -> WebSocketConnection {
        try WebSocketConnection(to: address, trust: service.endpoint.trust, timeout: timeout)
    }
}

/// The search for a new connection, in a thread of its own. It ends with its owner.
final class Reconnection: Sendable {
    enum Outcome {
        case connected(WebSocketConnection, token: String)
        /// The relay says that the session has ended.
        case over
        case failed(LatchkeyError)
    }

    /// Milliseconds between two attempts, at first and at most.
    private static let pauses = 100...3000
    private static let timeout = 10_000

    private struct State {
        // Handed from one thread to the other, and used by one at a time.
        nonisolated(unsafe) var outcome: Outcome?
        var isWanted = true
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()

    init(_ session: RelaySessionAccess) {
        let threads = Threads(1) { [weak self] in
            var pause = Reconnection.pauses.lowerBound
            while let search = self, search.state.withLock({ $0.isWanted }) {
                if let outcome = Reconnection.attempt(session) { return search.finish(outcome) }
                // Not all clients of a relay that starts again come in the same moment.
                usleep(UInt32(pause + Int.random(in: 0...pause)) * 1000)
                pause = min(pause * 2, Reconnection.pauses.upperBound)
            }
        }
        guard let threads else {
            let error = LatchkeyError(
                .connectionLost,
                "the connection was lost, and no thread is left to look for another"
            )
            finish(.failed(error))
            return
        }
        threads.detach()
    }

    /// Becomes readable when there is an outcome.
    var descriptor: Int32 { signal.descriptor }

    /// What came of it; nil while it goes on.
    func outcome() -> Outcome? {
        state.withLock { state in
            defer { state.outcome = nil }
            return state.outcome
        }
    }

    private func finish(_ outcome: sending Outcome) {
        state.withLock { $0.outcome = outcome }
        signal.raise()
    }

    /// - Returns: nil if it is worth trying again.
    private static func attempt(_ session: RelaySessionAccess) -> Outcome? {
        do {
            let answer = try session.service.call(ResumeSession(sessionId: session.sessionID), timeout: timeout)
            guard let token = answer.tokenValue, !token.isEmpty else { return .over }
            return .connected(try session.connect(timeout: timeout), token: token)
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
