// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyRelay
internal import NIOHTTP1

/// What each request passes, whatever its service and protocol: authenticate, authorize, execute, record.
struct RequestPipeline: Sendable {
    let authenticator: Authenticator
    let authorizer: Authorizer
    let recorder: any RequestRecorder
    let faults: FaultReporter
    var origin = PublicOrigin.ofRequest
    let region: String

    /// The answer to a request for an operation.
    ///
    /// - Parameter operation: nil where none of this action is offered, which only those are told who are known.
    func respond(
        to request: IncomingRequest,
        _ action: Action,
        with operation: RegisteredOperation?,
        _ coding: some RequestCoding,
        requestID: String
    ) async -> OutgoingResponse {
        var record = record(of: request, action, requestID: requestID)
        do {
            let context = try authenticate(request, &record, for: operation?.callers ?? RequestPipeline.known)
            // What agents alone may ask for is not offered to users.
            guard let operation, context.principal.kind != .user || operation.callers.contains(.user) else {
                throw ServiceError.unknownOperation(action.name)
            }
            try authorizer.checkKind(of: context.principal, action, operation.callers)
            let prepared = try await operation.prepare(coding)
            record.resources = prepared.resources
            try authorizer.authorize(context.principal, action, prepared.resources)
            let response = try await prepared.execute(context)
            recorder.record(record, .succeeded)
            return response
        } catch {
            let told = faults.serviceError(for: error, of: "\(action)", coding.serviceError(for: error))
            recorder.record(record, RequestPipeline.outcome(of: error, code: told.code))
            return coding.response(to: told)
        }
    }

    /// All who have shown who they are.
    private static let known: Set<Principal.Kind> = [.user, .instance, .registeredKey]

    private static func outcome(of error: any Error, code: String) -> RequestRecord.Outcome {
        error is AuthorizationFailure ? .denied(code: code) : .failed(code: code)
    }

    /// Admits a request that asks for a channel, or for what one needs. Waits for nothing.
    ///
    /// - Throws: `AuthenticationFailure`, `AuthorizationFailure`, `LatchkeyError` if the store cannot be asked.
    func admit(
        _ request: IncomingRequest,
        _ action: Action,
        for callers: Set<Principal.Kind>,
        requestID: String
    ) throws -> ChannelAdmission {
        var record = record(of: request, action, requestID: requestID)
        do {
            let context = try authenticate(request, &record, for: callers)
            try authorizer.checkKind(of: context.principal, action, callers)
            let (pipeline, authenticated) = (self, record)
            return ChannelAdmission(principal: context.principal) { resource in
                pipeline.decide(authenticated, on: resource)
            }
        } catch {
            let told = JSONCoding.serviceError(for: error, region: region)
            recorder.record(record, RequestPipeline.outcome(of: error, code: told?.code ?? "InternalServerError"))
            throw error
        }
    }

    private func decide(_ record: RequestRecord, on resource: Resource) -> Bool {
        var record = record
        record.resources = [resource]
        do throws(AuthorizationFailure) {
            try authorizer.authorize(record.principal ?? .anonymous, record.action, record.resources)
            recorder.record(record, .succeeded)
            return true
        } catch {
            recorder.record(record, .denied(code: ServiceError.denied(error, region: region).code))
            return false
        }
    }

    private func authenticate(
        _ request: IncomingRequest,
        _ record: inout RequestRecord,
        for callers: Set<Principal.Kind>
    ) throws -> OperationContext {
        let action = record.action
        // An operation for anonymous callers alone ignores signatures.
        let isUnsigned =
            callers == [.anonymous] || callers.contains(.anonymous) && !authenticator.hasCredentials(request)
        let caller =
            isUnsigned
            ? Caller(.anonymous)
            : try authenticator.caller(of: request, services: [action.service], now: record.time)
        record.principal = caller.principal
        record.consoleSessionID = caller.consoleSessionID
        return OperationContext(
            principal: caller.principal,
            consoleSessionID: caller.consoleSessionID,
            action: action,
            requestID: record.requestID,
            sourceAddress: record.sourceAddress,
            userAgent: record.userAgent,
            time: record.time,
            host: request.headers.first(name: "Host"),
            webSocketOrigin: origin.webSocketOrigin(for: request),
            httpOrigin: origin.httpOrigin(for: request),
            authorizer: authorizer
        )
    }

    private func record(of request: IncomingRequest, _ action: Action, requestID: String) -> RequestRecord {
        RequestRecord(
            action: action,
            requestID: requestID,
            sourceAddress: request.source,
            userAgent: request.headers.first(name: "User-Agent"),
            time: Date()
        )
    }
}
