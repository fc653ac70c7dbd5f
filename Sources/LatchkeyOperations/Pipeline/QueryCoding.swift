// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOHTTP1

/// The Query protocol for one request: a form in, XML out, in EC2's dialect or that of STS.
struct QueryCoding: RequestCoding {
    enum Dialect { case ec2, sts }

    static let contentType = "text/xml;charset=UTF-8"

    let form: QueryForm
    let dialect: Dialect
    let operation: String
    let requestID: String
    let region: String

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try form.decode(type) }

    func response(_ value: some Encodable) throws -> OutgoingResponse {
        var body =
            switch dialect {
            case .ec2: try QueryXML.answer(operation, value, requestID: requestID)
            case .sts: try QueryXML.stsAnswer(operation, value, requestID: requestID)
            }
        var secret: SecretBody?
        if let carrier = value as? any SecretCarrying {
            secret = carrier.secret.mapped { QueryXML.split(&body, operation, adding: carrier.elementName, $0) }
        }
        var response = QueryCoding.response(.ok, body, requestID: requestID)
        response.secret = secret
        return response
    }

    func serviceError(for error: any Error) -> ServiceError? {
        switch error {
        case let error as ServiceError: error
        case let failure as AuthenticationFailure: dialect == .ec2 ? failure.ec2Error : failure.stsError
        case let failure as AuthorizationFailure:
            ServiceError(
                code: dialect == .ec2 ? "UnauthorizedOperation" : "AccessDenied",
                message: failure.message(region: region),
                status: .forbidden
            )
        case let fault as QueryFault: ServiceError.parameters(fault)
        case let fault as TransitionFault: ServiceError.transition(fault)
        case let fault as TaggingFault: ServiceError.tagging(fault)
        case let error as LatchkeyError where [.nameInvalid, .usage].contains(error.code):
            ServiceError.invalidParameter(error.message)
        default: nil
        }
    }

    func response(to error: ServiceError) -> OutgoingResponse {
        QueryCoding.response(to: error, dialect, requestID: requestID)
    }

    /// Also for a request that cannot be read.
    static func response(to error: ServiceError, _ dialect: Dialect, requestID: String) -> OutgoingResponse {
        let isOurs = error.status.code >= 500
        let code =
            switch (error.status, dialect) {
            case (.serviceUnavailable, .ec2) where error.code == ServiceError.overloaded.code: "RequestLimitExceeded"
            case (.serviceUnavailable, .sts) where error.code == ServiceError.overloaded.code: "Throttling"
            case (.serviceUnavailable, _): error.code
            case (_, .ec2): isOurs ? "InternalError" : error.code
            case (_, .sts): isOurs ? "InternalFailure" : error.code
            }
        let body =
            switch dialect {
            case .ec2: QueryXML.failure(code: code, message: error.message, requestID: requestID)
            case .sts: QueryXML.stsFailure(code: code, message: error.message, isOurs: isOurs, requestID: requestID)
            }
        var answer = response(error.status, body, requestID: requestID)
        error.addRetryAfter(to: &answer)
        return answer
    }

    private static func response(
        _ status: HTTPResponseStatus,
        _ body: [UInt8],
        requestID: String
    ) -> OutgoingResponse {
        var response = OutgoingResponse(status, type: contentType, body)
        response.headers.add(name: "x-amzn-requestid", value: requestID)
        return response
    }
}
