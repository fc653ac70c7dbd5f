// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import Logging
internal import NIOHTTP1

/// What comes in the Query protocol: EC2 and STS.
struct QueryDoor: Sendable {
    let authority: Authority
    let ec2: EC2Service
    let metrics: Metrics
    let workers: Workers
    let log: Logger

    /// Whether a request is one of these; the services of JSON name their operation in a header.
    static func isQuery(_ request: IncomingRequest) -> Bool {
        guard request.path == "/", !request.headers.contains(name: "X-Amz-Target") else { return false }
        let type = request.headers.first(name: "Content-Type")?.lowercased() ?? ""
        return type.hasPrefix("application/x-www-form-urlencoded") || request.query.contains("Action=")
    }

    func respond(to request: IncomingRequest, requestID: String) async -> OutgoingResponse {
        var isSTS = false
        do {
            let form = request.method == "GET" ? Array(request.query.utf8) : request.body
            let parameters: QueryParameters
            do { parameters = try QueryParameters(form: form) } catch { throw QueryDoor.unreadable(error) }
            guard let action = parameters["Action"] else {
                throw QueryError(code: "MissingAction", message: "The request must contain the parameter Action")
            }
            isSTS = action == "GetCallerIdentity" || parameters["Version"] == "2011-06-15"
            let caller = try await principal(request, isSTS: isSTS)
            if isSTS { return try identity(action, caller, requestID) }
            guard case .user = caller else {
                throw QueryError(
                    code: "UnauthorizedOperation",
                    message: "You are not authorized to perform this operation.",
                    status: .forbidden
                )
            }
            let body = try await ec2.answer(action, parameters, requestID: requestID)
            return OutgoingResponse(.ok, type: "text/xml;charset=UTF-8", body)
        } catch {
            let error = failure(error)
            return isSTS ? error.generalResponse(requestID: requestID) : error.response(requestID: requestID)
        }
    }

    private func failure(_ error: any Error) -> QueryError {
        if let error = error as? QueryError {
            metrics.count(.refusedRequests)
            log.debug("request refused", metadata: ["code": "\(error.code)", "reason": "\(error.message)"])
            return error
        }
        log.error("request failed", metadata: ["error": "\(error)"])
        let isFull = (error as? LatchkeyError)?.code == .storageFull
        return QueryError(
            code: "InternalError",
            message: isFull
                ? "The server's disk is full; nothing was changed." : "The server could not do this; its log says why.",
            status: .internalServerError
        )
    }

    private func principal(_ request: IncomingRequest, isSTS: Bool) async throws -> Principal {
        do {
            return try await workers.run {
                try authority.principal(of: request, services: [isSTS ? "sts" : "ec2"])
            }
        } catch let error as ServiceError {
            throw QueryDoor.refusal(error, isSTS: isSTS)
        }
    }

    /// A refused signature in the words of the service.
    private static func refusal(_ error: ServiceError, isSTS: Bool) -> QueryError {
        switch error.code {
        case "MissingAuthenticationTokenException":
            QueryError(
                code: isSTS ? "MissingAuthenticationToken" : "AuthFailure",
                message: isSTS ? "Request is missing Authentication Token" : "The request must be signed.",
                status: isSTS ? .forbidden : .unauthorized
            )
        case "ExpiredTokenException" where !isSTS, _ where error.message.contains("expired") && !isSTS:
            QueryError(code: "RequestExpired", message: "Request has expired.")
        case "ExpiredTokenException": QueryError(code: "ExpiredToken", message: error.message, status: .forbidden)
        case "UnrecognizedClientException" where isSTS:
            QueryError(
                code: "InvalidClientTokenId",
                message: "The security token included in the request is invalid.",
                status: .forbidden
            )
        case _ where isSTS: QueryError(code: "SignatureDoesNotMatch", message: error.message, status: .forbidden)
        default:
            QueryError(
                code: "AuthFailure",
                message: "AWS was not able to validate the provided access credentials",
                status: .unauthorized
            )
        }
    }

    private static func unreadable(_ fault: QueryParameters.Fault) -> QueryError {
        switch fault {
        case .malformed: QueryError(code: "MalformedQueryString", message: "The query string is malformed")
        case .duplicate(let name): .invalid("The parameter \(name.prefix(128)) is there twice")
        case .tooMany: QueryError(code: "RequestLimitExceeded", message: "The request has too many parameters")
        }
    }

    private func identity(_ action: String, _ caller: Principal, _ requestID: String) throws(QueryError)
        -> OutgoingResponse
    {
        guard action == "GetCallerIdentity" else {
            throw QueryError(
                code: "InvalidAction",
                message: "Could not find operation \(action.prefix(128)) for version 2011-06-15"
            )
        }
        var xml = XMLWriter()
        xml.element("GetCallerIdentityResponse", "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"") { xml in
            xml.element("GetCallerIdentityResult") { xml in
                xml.element("Arn", text: caller.arn)
                xml.element("UserId", text: caller.userID)
                xml.element("Account", text: Principal.account)
            }
            xml.element("ResponseMetadata") { $0.element("RequestId", text: requestID) }
        }
        return OutgoingResponse(.ok, type: "text/xml", xml.bytes)
    }
}
