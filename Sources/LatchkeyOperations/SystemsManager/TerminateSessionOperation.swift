// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeySessionProtocol
internal import NIOCore

/// Ends a session for both of its ends.
struct TerminateSessionOperation: SystemsManagerOperation {
    static let action: Action = "ssm:TerminateSession"

    let ssm: SystemsManager

    func resources(of request: TerminateSession) async throws -> [Resource] {
        [Resource(try await ssm.session(request.sessionId))]
    }

    func execute(_ request: TerminateSession, in context: OperationContext) async throws -> TerminateSession.Response {
        let record = try await ssm.session(request.sessionId)
        let reason = SessionEndReason.terminated.rawValue
        if try await !relay.terminate(record.id, reason: reason).get(), record.ended == nil {
            // It lives nowhere any more, and only the store does not know that yet.
            events.ended(record.id, status: .terminated, reason: reason)
        }
        return TerminateSession.Response(sessionId: record.id)
    }
}
