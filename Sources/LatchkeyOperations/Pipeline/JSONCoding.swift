// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyRelay
internal import NIOHTTP1

/// The AWS JSON 1.1 protocol for one request.
struct JSONCoding: RequestCoding {
    static let contentType = "application/x-amz-json-1.1"

    let action: Action
    let body: [UInt8]
    let requestID: String
    let region: String

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do { return try ServiceJSON.decode(type, body) } catch {
            throw ServiceError(code: "SerializationException", message: "the body is not what \(action.name) takes")
        }
    }

    func response(_ value: some Encodable) throws -> OutgoingResponse {
        var response = OutgoingResponse(.ok, type: JSONCoding.contentType, try ServiceJSON.encode(value))
        response.headers.add(name: "x-amzn-RequestId", value: requestID)
        if let cookie = (value as? any CookieCarrying)?.cookie, !cookie.isEmpty {
            response.headers.add(name: "Set-Cookie", value: cookie)
        }
        return response
    }

    func serviceError(for error: any Error) -> ServiceError? {
        JSONCoding.serviceError(for: error, region: region)
    }

    /// Also for channels, whose refusals have the same words.
    static func serviceError(for error: any Error, region: String) -> ServiceError? {
        switch error {
        case let error as ServiceError: error
        case let failure as AuthenticationFailure: failure.serviceError
        case let failure as AuthorizationFailure: ServiceError.denied(failure, region: region)
        case is InstanceRemoved: .denied("there is no such instance any more")
        case let error as LatchkeyError where [.nameInvalid, .usage].contains(error.code): .invalid(error.message)
        default: nil
        }
    }

    private struct Failure: Encodable {
        let type: String
        let message: String

        private enum CodingKeys: String, CodingKey {
            case type = "__type"
            case message = "Message"
        }
    }

    func response(to error: ServiceError) -> OutgoingResponse {
        JSONCoding.response(to: error, requestID: requestID)
    }

    /// Also for a request that cannot be read.
    static func response(to error: ServiceError, requestID: String) -> OutgoingResponse {
        // Two strings can always be encoded.
        let body = (try? ServiceJSON.encode(Failure(type: error.code, message: error.message))) ?? []
        var response = OutgoingResponse(error.status, type: contentType, body)
        response.headers.add(name: "x-amzn-RequestId", value: requestID)
        error.addRetryAfter(to: &response)
        return response
    }
}
