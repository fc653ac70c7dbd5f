// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyRelay
internal import NIOCore

/// Gives the client of a session a new token, or lets another client take it over.
struct ResumeSessionOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ResumeSession"

    let ssm: SystemsManager

    func resources(of request: ResumeSession) async throws -> [Resource] {
        [Resource(try await ssm.session(request.sessionId))]
    }

    func execute(_ request: ResumeSession, in context: OperationContext) async throws -> ResumeSession.Response {
        let (id, origin) = (request.sessionId, try SystemsManager.origin(context))
        guard let token = try await relay.clientToken(for: id, on: try context.grant).get() else {
            // Without a token the official client says that the session has timed out, and ends.
            return ResumeSession.Response(sessionId: id, tokenValue: nil, streamUrl: nil)
        }
        return ResumeSession.Response(
            sessionId: id,
            tokenValue: token,
            streamUrl: SystemsManager.stream(origin, id)
        )
    }
}
