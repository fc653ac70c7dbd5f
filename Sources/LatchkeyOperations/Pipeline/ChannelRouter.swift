// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeyRelay
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Requests for channels: the tokens that agents need for theirs, and the WebSockets (AWS: `ssmmessages`).
struct ChannelRouter: Sendable {
    let pipeline: RequestPipeline
    let relay: Relay
    let region: String
    let metrics: ServerMetrics
    let log: Logger

    private static let openDataChannel: Action = "ssmmessages:OpenDataChannel"

    /// What is behind a path: a channel's kind, and whose it is.
    private enum Path {
        /// With the instance's id.
        case control(Instance.ID)
        /// With the session's id.
        case data(SessionRecord.ID)

        init?(_ path: String) {
            for (prefix, make) in [("/v1/control-channel/", Path.control), ("/v1/data-channel/", Path.data)]
            where path.hasPrefix(prefix) {
                self = make(String(path.dropFirst(prefix.count)))
                return
            }
            return nil
        }
    }

    /// The answer to a request for a token; nil if it is none.
    func token(for request: IncomingRequest) async -> OutgoingResponse? {
        guard request.method == "POST", let path = Path(request.path) else { return nil }
        let requestID = Random.uuid()
        do {
            switch path {
            case .control(let id): return try await controlToken(for: id, request, requestID)
            case .data(let id): return try await dataToken(for: id, request, requestID)
            }
        } catch {
            return JSONCoding.response(to: told(error, request), requestID: requestID)
        }
    }

    private func controlToken(
        for instance: Instance.ID,
        _ request: IncomingRequest,
        _ requestID: String
    ) async throws -> OutgoingResponse {
        let action: Action = "ssmmessages:CreateControlChannel"
        let admission = try pipeline.admit(request, action, for: [.instance], requestID: requestID)
        guard admission.authorize(.instance(instance)) else { return ChannelRouter.deniedControl }
        return ChannelRouter.token(try await relay.controlToken(for: instance).get())
    }

    private func dataToken(
        for sessionID: SessionRecord.ID,
        _ request: IncomingRequest,
        _ requestID: String
    ) async throws -> OutgoingResponse {
        let action: Action = "ssmmessages:CreateDataChannel"
        let admission = try pipeline.admit(request, action, for: [.instance], requestID: requestID)
        switch try await relay.agentToken(for: sessionID, admission).get() {
        case .token(let token): return ChannelRouter.token(token)
        case .denied:
            metrics.refusedChannels.increment()
            log.warning(
                "agent asks for another's session",
                metadata: ["agent": "\(admission.principal.arn ?? "")", "session": "\(sessionID)"]
            )
            return ChannelRouter.denied("the session is another instance's")
        // In these words an agent takes it for the end.
        case .over: return .text(.badRequest, "Session is already terminated")
        }
    }

    private static func token(_ token: String) -> OutgoingResponse {
        let xml =
            "<CreateChannelResponse><MessageSchemaVersion>1.0</MessageSchemaVersion>"
            + "<TokenValue>\(token)</TokenValue></CreateChannelResponse>"
        return OutgoingResponse(.created, type: "application/xml", xml.utf8)
    }

    private static let deniedControl = denied("an agent opens the channel of its own instance only")

    private static func denied(_ message: String) -> OutgoingResponse {
        let xml = "<AccessDeniedException><Message>\(message)</Message></AccessDeniedException>"
        return OutgoingResponse(.forbidden, type: "application/xml", xml.utf8)
    }

    /// What may be told of an error.
    private func told(_ error: any Error, _ request: IncomingRequest) -> ServiceError {
        let worded = JSONCoding.serviceError(for: error, region: region)
        return pipeline.faults.serviceError(for: error, of: request.path, worded)
    }

    /// Waits for nothing, but may take a while for a signature.
    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer {
        guard let path = Path(request.path) else { return .refuse(.text(.notFound, "there is no channel here")) }
        let (relay, requestID) = (relay, Random.uuid())
        // Browsers say which page asks, and no other client has one.
        if let page = request.headers.first(name: "Origin"), page != pipeline.origin.httpOrigin(for: request) {
            metrics.refusedChannels.increment()
            log.warning("another site's page asks for a channel", metadata: ["origin": "\(page.cut(to: .quotation))"])
            return .refuse(ChannelRouter.denied(AuthenticationFailure.foreignPageMessage))
        }
        do {
            switch path {
            case .control(let id):
                let action: Action = "ssmmessages:OpenControlChannel"
                let admission = try pipeline.admit(request, action, for: [.instance], requestID: requestID)
                guard admission.authorize(.instance(id)) else { return .refuse(ChannelRouter.deniedControl) }
                return .accept { relay.controlChannel(of: id) }
            case .data(let id):
                // Official clients sign since 1.2.764.0; older ones show their token only.
                let callers: Set<Principal.Kind> = [.user, .instance, .anonymous]
                let admission = try pipeline.admit(
                    request,
                    ChannelRouter.openDataChannel,
                    for: callers,
                    requestID: requestID
                )
                let connection = request.connection
                return .accept { relay.dataChannel(of: id, admission, connection: connection) }
            }
        } catch {
            let failure = told(error, request)
            // A fault of this server must not look like a refusal, after which an agent may give up.
            let status = failure.status.code >= 500 ? failure.status : .forbidden
            var response = OutgoingResponse.text(status, "\(failure.code): \(failure.message)")
            failure.addRetryAfter(to: &response)
            return .refuse(response)
        }
    }
}
