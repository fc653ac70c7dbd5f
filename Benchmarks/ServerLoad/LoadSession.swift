// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAgent
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTransport

/// A session of which both ends are here. Used by one thread at a time.
final class LoadSession: @unchecked Sendable {
    private static let timeout = 30_000

    private var client = DataChannel(.client)
    private var agent = DataChannel(.agent)

    /// Asks for a session as a user, and opens both its channels as client and agent do.
    init(_ service: ServiceClient, _ access: RelayAccess) throws {
        let instanceID = access.registration.instanceID
        let answer = try service.call(
            StartSession(target: instanceID, documentName: nil),
            timeout: LoadSession.timeout
        )
        guard let token = answer.tokenValue, let url = answer.streamUrl else { throw Failure("no token") }
        let connection = try WebSocketConnection(
            to: try ServerAddress(url: url),
            trust: service.endpoint.trust,
            timeout: LoadSession.timeout
        )
        var opening = OpenDataChannel(requestID: answer.sessionId, token: token)
        opening.clientID = answer.sessionId
        client.attach(connection, opening: opening)
        try client.flush()
        let (agentConnection, agentOpening) = try access.openDataChannel(
            answer.sessionId,
            timeout: LoadSession.timeout
        )
        agent.attach(agentConnection, opening: agentOpening)
        try agent.flush()
    }

    /// Sends so many bytes in each direction, and waits until they have arrived.
    func exchange(_ count: Int) throws {
        let payload = [UInt8](repeating: 0x61, count: count)
        client.send(.output, payload)
        agent.send(.output, payload)
        let deadline = SystemClock.milliseconds() + Int64(LoadSession.timeout)
        var received = 0
        while !client.hasArrived || !agent.hasArrived || received < 2 * count {
            guard SystemClock.milliseconds() < deadline else { throw Failure("the traffic does not arrive") }
            try client.advance()
            try agent.advance()
            while let delivery = client.next {
                received += delivery.payload.count
                client.takeNext()
            }
            while let delivery = agent.next {
                received += delivery.payload.count
                agent.takeNext()
            }
            try client.flush()
            try agent.flush()
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
