// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import NIOHTTP1

/// What comes in by the Query protocol, in which EC2 and STS are asked: who asks, what for, and the answer in XML.
struct QueryHandler: Sendable {
    let authenticator: Authenticator
    let service: EC2Service
    /// Notes why a request is not answered, and gives what may be told of it.
    let note: @Sendable (any Error, IncomingRequest) -> ServiceError

    /// Whether a request is one of these: a form, or an address with parameters behind its question mark.
    static func takes(_ request: IncomingRequest) -> Bool {
        guard request.path == "/", !request.headers.contains(name: "X-Amz-Target") else { return false }
        switch request.method {
        case "GET": return !request.query.isEmpty
        case "POST": return !request.query.isEmpty || hasForm(request)
        default: return false
        }
    }

    private static func hasForm(_ request: IncomingRequest) -> Bool {
        request.headers.first(name: "Content-Type")?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true
    }

    /// The parameters of the query and of the body, together.
    private static func form(_ request: IncomingRequest) throws(QueryFault) -> QueryForm {
        let body = hasForm(request) ? request.body : []
        return try QueryForm(request.query.isEmpty ? body : Array("\(request.query)&".utf8) + body)
    }

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        let requestID = Random.uuid()
        var isSTS = false
        do {
            let form = try QueryHandler.form(request)
            guard let action = form.value("Action"), !action.isEmpty else {
                throw ServiceError(
                    code: "MissingAction",
                    message: "The request is missing an action or a required parameter"
                )
            }
            isSTS = action == STS.GetCallerIdentity.operation
            if isSTS { return try await callerIdentity(form, request, requestID) }
            guard let handler = EC2Registry.all[action] else {
                throw ServiceError(
                    code: "InvalidAction",
                    message:
                        "The action \(action.cut(to: .quotation).terminalSafe) is not valid for this web service"
                )
            }
            let caller = try authenticator.signer(of: request, services: ["ec2"])
            guard case .user = caller else {
                throw ServiceError(
                    code: "UnauthorizedOperation",
                    message: "You are not authorized to perform this operation: it is not an agent's",
                    status: .forbidden
                )
            }
            var response = try await handler(service, form, EC2Context(request: request, requestID: requestID))
            response.headers.add(name: "x-amzn-requestid", value: requestID)
            return response
        } catch {
            return failure(error, request, isSTS: isSTS, requestID: requestID)
        }
    }

    /// The answer to a request whose body was longer than `limit` bytes.
    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        let error = ServiceError(
            code: "RequestEntityTooLarge",
            message: "The request is longer than \(limit) bytes",
            status: .payloadTooLarge
        )
        return failure(error, request, isSTS: false, requestID: Random.uuid())
    }

    private func callerIdentity(
        _ form: QueryForm,
        _ request: IncomingRequest,
        _ requestID: String
    ) async throws -> OutgoingResponse {
        let caller = try authenticator.signer(of: request, services: ["sts"])
        guard case .user(let name, _) = caller else {
            throw ServiceError(code: "AccessDenied", message: "this is not an agent's to ask", status: .forbidden)
        }
        _ = try form.decode(STS.GetCallerIdentity.self)
        let answer = STS.GetCallerIdentity.Response(arn: caller.arn, userId: name, account: Principal.account)
        let body = try QueryXML.stsAnswer(STS.GetCallerIdentity.operation, answer, requestID: requestID)
        var response = OutgoingResponse(.ok, type: QueryHandler.contentType, body)
        response.headers.add(name: "x-amzn-requestid", value: requestID)
        return response
    }

    static let contentType = "text/xml;charset=UTF-8"

    private func failure(
        _ error: any Error,
        _ request: IncomingRequest,
        isSTS: Bool,
        requestID: String
    ) -> OutgoingResponse {
        let error = note(QueryHandler.worded(error, isSTS: isSTS), request)
        let isOurs = error.status.code >= 500
        let code =
            switch error.status {
            case .serviceUnavailable where error.code == ServiceError.overloaded.code:
                isSTS ? "Throttling" : "RequestLimitExceeded"
            case .serviceUnavailable: error.code
            default: isOurs ? (isSTS ? "InternalFailure" : "InternalError") : error.code
            }
        let message = error.message
        let body =
            isSTS
            ? QueryXML.stsFailure(code: code, message: message, isOurs: isOurs, requestID: requestID)
            : QueryXML.failure(code: code, message: message, requestID: requestID)
        var response = OutgoingResponse(error.status, type: QueryHandler.contentType, body)
        response.headers.add(name: "x-amzn-requestid", value: requestID)
        error.addRetryAfter(to: &response)
        return response
    }

    /// A mistake of the caller's in EC2's or STS's words; what went wrong inside is left as it is.
    private static func worded(_ error: any Error, isSTS: Bool) -> any Error {
        switch error {
        case let failure as AuthenticationFailure: isSTS ? failure.stsError : failure.ec2Error
        case let fault as QueryFault: ServiceError.parameters(fault)
        case let fault as TransitionFault: ServiceError.transition(fault)
        case let fault as TaggingFault: ServiceError.tagging(fault)
        case let error as LatchkeyError where [.nameInvalid, .usage].contains(error.code):
            ServiceError.invalidParameter(error.message)
        default: error
        }
    }
}
