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

    /// An operation's answer.
    func respond(
        to request: IncomingRequest,
        with operation: RegisteredOperation,
        _ coding: some RequestCoding,
        requestID: String
    ) async -> OutgoingResponse {
        var record = record(of: request, operation.action, requestID: requestID)
        do {
            let context = try authenticate(request, &record, for: operation.callers)
            if context.principal.kind == .user, !operation.callers.contains(.user) {
                // What agents ask for is nothing that users are offered.
                throw ServiceError.unknownOperation(operation.action.name)
            }
            try authorizer.checkKind(of: context.principal, operation.action, operation.callers)
            let prepared = try await operation.prepare(coding)
            record.resources = prepared.resources
            try authorizer.authorize(context.principal, context.action, prepared.resources)
            let response = try await prepared.execute(context)
            recorder.record(record, .succeeded)
            return response
        } catch {
            let error = faults.serviceError(for: error, of: "\(operation.action)", coding.serviceError(for: error))
            recorder.record(record, .failed(code: error.code))
            return coding.response(to: error)
        }
    }

    /// The answer to a request for an operation that is not offered, which only somebody who is known is told.
    func refuse(
        _ request: IncomingRequest,
        _ action: Action,
        as error: ServiceError,
        _ coding: some RequestCoding,
        requestID: String
    ) -> OutgoingResponse {
        var record = record(of: request, action, requestID: requestID)
        var failure = error
        do { _ = try authenticate(request, &record, for: [.user, .instance, .registeredKey]) } catch {
            failure = faults.serviceError(for: error, of: "\(action)", coding.serviceError(for: error))
        }
        recorder.record(record, .failed(code: failure.code))
        return coding.response(to: failure)
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
            recorder.record(record, .failed(code: error is AuthorizationFailure ? RequestLog.denied : "AuthFailure"))
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
            recorder.record(record, .failed(code: RequestLog.denied))
            return false
        }
    }

    private func authenticate(
        _ request: IncomingRequest,
        _ record: inout RequestRecord,
        for callers: Set<Principal.Kind>
    ) throws -> OperationContext {
        let action = record.action
        // Where nobody else may ask, what a request is signed with does not matter.
        let isUnsigned =
            callers == [.anonymous] || callers.contains(.anonymous) && !authenticator.hasCredentials(request)
        let principal =
            isUnsigned
            ? .anonymous : try authenticator.principal(of: request, services: [action.service], now: record.time)
        record.principal = principal
        return OperationContext(
            principal: principal,
            action: action,
            requestID: record.requestID,
            sourceAddress: record.sourceAddress,
            userAgent: record.userAgent,
            time: record.time,
            host: request.headers.first(name: "Host"),
            webSocketOrigin: origin.webSocketOrigin(for: request),
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
