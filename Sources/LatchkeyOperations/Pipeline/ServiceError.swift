// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import NIOHTTP1

/// An error in AWS's words: a code that tools switch on, and a line for people.
struct ServiceError: Error {
    let code: String
    /// Among it may be what a client has sent, and what that had quoted.
    let message: String
    var status: HTTPResponseStatus

    init(code: String, message: String, status: HTTPResponseStatus = .badRequest) {
        (self.code, self.message, self.status) = (code, message.cut(to: .errorMessage), status)
    }

    static func invalid(_ message: String) -> ServiceError {
        ServiceError(code: "ValidationException", message: message)
    }

    static func denied(_ message: String) -> ServiceError {
        ServiceError(code: "AccessDeniedException", message: message)
    }

    /// As Systems Manager words it, and EC2 Instance Connect.
    static func denied(_ failure: AuthorizationFailure, region: String) -> ServiceError {
        let isConnect = failure.action.service == SendSSHPublicKey.target.service
        return ServiceError(
            code: isConnect ? "AuthException" : "AccessDeniedException",
            message: failure.message(region: region),
            status: isConnect ? .forbidden : .badRequest
        )
    }

    /// In the JSON protocol's words.
    static func unknownOperation(_ name: String) -> ServiceError {
        ServiceError(
            code: "UnknownOperationException",
            message: "the operation '\(name.cut(to: .quotation))' is not offered here"
        )
    }

    static func targetNotConnected(_ target: String) -> ServiceError {
        ServiceError(code: "TargetNotConnected", message: "\(target) is not connected.")
    }

    static let unknownSession = ServiceError(code: "DoesNotExistException", message: "there is no such session")

    static func internalError(_ message: String) -> ServiceError {
        ServiceError(code: "InternalServerError", message: message, status: .internalServerError)
    }

    /// Nothing was done, since the store could not be used in time. The same request may succeed soon.
    static let unavailable = ServiceError(
        code: "ServiceUnavailable",
        message: "the server's database is busy; nothing was changed",
        status: .serviceUnavailable
    )

    /// Nothing was done: too many requests wait already.
    static let overloaded = ServiceError(
        code: "ThrottlingException",
        message: "the server has too much to do; nothing was changed",
        status: .serviceUnavailable
    )

    /// Says after how many seconds to come again, where that helps (RFC 9110 §10.2.3).
    func addRetryAfter(to response: inout OutgoingResponse) {
        if status == .serviceUnavailable { response.headers.add(name: "Retry-After", value: "5") }
    }
}
