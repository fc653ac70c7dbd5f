// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import NIOHTTP1

/// Everything that comes in over HTTP, by its path and protocol.
struct RequestRouter: RequestResponder {
    let json: JSONRouter
    let query: QueryRouter
    let channels: ChannelRouter
    let installation: AgentInstallation
    let metrics: Metrics

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        switch (request.method, request.path) {
        case ("GET", "/healthz"): return .text(.ok, "ok")
        case ("GET", "/metrics"):
            return OutgoingResponse(.ok, type: "text/plain; version=0.0.4; charset=utf-8", metrics.text.utf8)
        default: break
        }
        if let response = await channels.token(for: request) { return response }
        do {
            if let response = try await installation.response(to: request) { return response }
        } catch {
            let told = json.pipeline.faults.serviceError(for: error, of: request.path, nil)
            return .text(told.status, told.message)
        }
        if QueryRouter.takes(request) { return await query.respond(to: request) }
        guard request.method == "POST", request.path == "/" else { return .text(.notFound, "there is nothing here") }
        return await json.respond(to: request)
    }

    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        QueryRouter.takes(request)
            ? query.refuse(request, longerThan: limit)
            : .text(.payloadTooLarge, "the request is longer than \(limit) bytes")
    }

    func hasCredentials(_ request: IncomingRequest) -> Bool { json.pipeline.authenticator.hasCredentials(request) }

    func namesSigner(_ request: IncomingRequest) -> Bool { json.pipeline.authenticator.namesSigner(request) }

    func isAuthenticated(head request: IncomingRequest) async -> Bool {
        (try? json.pipeline.authenticator.principal(of: request, services: RequestRouter.services)) != nil
    }

    /// Everything that signatures may be for.
    private static let services: Set = ["ec2", "ec2-instance-connect", "ec2messages", "ssm", "ssmmessages", "sts"]

    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer { channels.upgrade(request) }
}
