// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP

/// How a request is read and its answer written: one of AWS's protocols, for one request.
protocol RequestCoding: Sendable {
    /// - Throws: an error that ``serviceError(for:)`` words.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value

    func response(_ value: some Encodable) throws -> OutgoingResponse

    /// A mistake of the caller's in the service's words; nil for what went wrong inside.
    func serviceError(for error: any Error) -> ServiceError?

    func response(to error: ServiceError) -> OutgoingResponse
}
