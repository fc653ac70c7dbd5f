// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyConsole
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyOperations
internal import NIOHTTP1

/// Everything that comes in over HTTP: AWS's services, and what is latchkeyd's own.
struct RequestRouter: RequestResponder {
    let services: ServiceRouter
    let installation: AgentInstallation
    /// Nil where it is left out.
    let console: ConsolePages?
    let metrics: ServerMetrics

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        switch (request.method, request.path) {
        case ("GET", "/healthz"): return .text(.ok, "ok")
        case ("GET", "/metrics"):
            return OutgoingResponse(.ok, type: "text/plain; version=0.0.4; charset=utf-8", metrics.text.utf8)
        default: break
        }
        if let response = console?.response(to: request) { return response }
        do {
            if let response = try await installation.response(to: request) { return response }
        } catch {
            return services.failure(error, request)
        }
        return await services.response(to: request) ?? .text(.notFound, "there is nothing here")
    }

    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        services.refuse(request, longerThan: limit)
    }

    func hasCredentials(_ request: IncomingRequest) -> Bool { services.hasCredentials(request) }

    func namesSigner(_ request: IncomingRequest) -> Bool { services.namesSigner(request) }

    func isAuthenticated(head request: IncomingRequest) async -> Bool { services.isAuthenticated(head: request) }

    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer { services.upgrade(request) }
}
