// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import NIOHTTP1

/// Why it is not known who made a request. Each service has words of its own for it.
enum AuthenticationFailure: Error {
    case signature(SignatureFailure)
    /// It was signed for another service than this one.
    case wrongService(String)
    case unknownKey
    /// An agent's, which lasted an hour.
    case expiredCredentials
    /// It has the console's cookie, but does not come from the console's page.
    case foreignPage
    /// Its cookie shows no session of the console that is still open.
    case signedOut

    static func clockMessage(minutes: Int) -> String {
        "Signature expired: the clocks of client and server differ by more than \(minutes) minutes"
    }
    static let mismatchMessage = "The request signature we calculated does not match the signature you provided."
    static let unknownMessage = "The security token included in the request is invalid."
    static let expiredMessage = "The security token included in the request is expired"
    static let foreignPageMessage = "the request does not come from the page of this server's console"
    static let signedOutMessage = "you are not signed in to the console any more"
    static let incompleteMessage = "the request's signature is not complete"
    static let missingMessage = "Request is missing Authentication Token"

    static func scopeMessage(_ service: String) -> String {
        "Credential should be scoped to correct service: '\(service)'."
    }

    /// In the words of Systems Manager and all others that speak JSON.
    var serviceError: ServiceError {
        switch self {
        case .signature(.missing):
            ServiceError(code: "MissingAuthenticationTokenException", message: AuthenticationFailure.missingMessage)
        case .signature(.malformed), .signature(.headersUnsigned):
            ServiceError(code: "IncompleteSignatureException", message: AuthenticationFailure.incompleteMessage)
        case .signature(.expired):
            ServiceError(code: "InvalidSignatureException", message: AuthenticationFailure.clockMessage(minutes: 5))
        case .signature(.mismatch):
            ServiceError(code: "InvalidSignatureException", message: AuthenticationFailure.mismatchMessage)
        case .wrongService(let service):
            ServiceError(code: "InvalidSignatureException", message: AuthenticationFailure.scopeMessage(service))
        case .unknownKey:
            ServiceError(code: "UnrecognizedClientException", message: AuthenticationFailure.unknownMessage)
        case .expiredCredentials:
            ServiceError(code: "ExpiredTokenException", message: AuthenticationFailure.expiredMessage)
        case .foreignPage: consoleError("AccessDeniedException")
        case .signedOut: consoleError("ExpiredTokenException")
        }
    }

    private func consoleError(_ code: String) -> ServiceError {
        let isForeign = if case .foreignPage = self { true } else { false }
        let message = isForeign ? AuthenticationFailure.foreignPageMessage : AuthenticationFailure.signedOutMessage
        return ServiceError(code: code, message: message, status: .forbidden)
    }

    /// In EC2's words, which tell an unknown key and a wrong secret apart no more than they have to.
    var ec2Error: ServiceError {
        switch self {
        case .signature(.missing), .signature(.malformed), .signature(.headersUnsigned): stsError
        case .signature(.expired):
            ServiceError(code: "RequestExpired", message: AuthenticationFailure.clockMessage(minutes: 15))
        case .expiredCredentials:
            ServiceError(code: "RequestExpired", message: AuthenticationFailure.expiredMessage)
        case .wrongService(let service):
            ServiceError(
                code: "AuthFailure",
                message: AuthenticationFailure.scopeMessage(service),
                status: .unauthorized
            )
        case .foreignPage: consoleError("UnauthorizedOperation")
        case .signedOut: consoleError("RequestExpired")
        case .signature(.mismatch), .unknownKey:
            ServiceError(
                code: "AuthFailure",
                message: "AWS was not able to validate the provided access credentials",
                status: .unauthorized
            )
        }
    }

    /// In the words of STS, which are those of most services of the Query protocol.
    var stsError: ServiceError {
        let (code, message) =
            switch self {
            case .signature(.missing): ("MissingAuthenticationToken", AuthenticationFailure.missingMessage)
            case .signature(.malformed), .signature(.headersUnsigned):
                ("IncompleteSignature", AuthenticationFailure.incompleteMessage)
            case .signature(.expired): ("SignatureDoesNotMatch", AuthenticationFailure.clockMessage(minutes: 15))
            case .signature(.mismatch): ("SignatureDoesNotMatch", AuthenticationFailure.mismatchMessage)
            case .wrongService(let service): ("SignatureDoesNotMatch", AuthenticationFailure.scopeMessage(service))
            case .unknownKey: ("InvalidClientTokenId", AuthenticationFailure.unknownMessage)
            case .expiredCredentials: ("ExpiredToken", AuthenticationFailure.expiredMessage)
            case .foreignPage: ("AccessDenied", AuthenticationFailure.foreignPageMessage)
            case .signedOut: ("ExpiredToken", AuthenticationFailure.signedOutMessage)
            }
        return ServiceError(
            code: code,
            message: message,
            status: code == "IncompleteSignature" ? .badRequest : .forbidden
        )
    }
}
