// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
package import LatchkeyTransport

/// Asks operations in the AWS JSON 1.1 protocol.
package struct ServiceClient: Sendable {
    package let endpoint: ServiceEndpoint
    private let retries: RetryPolicy

    package init(_ endpoint: ServiceEndpoint, retries: RetryPolicy = .none) {
        self.endpoint = endpoint
        self.retries = retries
    }

    /// - Parameter timeout: milliseconds for each attempt.
    package func call<Request: ServiceRequest>(
        _ request: Request,
        timeout: Int = 15_000
    ) throws(ServiceFailure) -> Request.Response {
        try retries.run(isIdempotent: Request.isIdempotent) { () throws(ServiceFailure) in
            try attempt(request, timeout: timeout)
        }
    }

    private func attempt<Request: ServiceRequest>(
        _ request: Request,
        timeout: Int
    ) throws(ServiceFailure) -> Request.Response {
        let body: [UInt8]
        do { body = try ServiceJSON.encode(request) } catch { throw .malformed("\(error)".terminalSafe) }
        let response: HTTPResponse
        do {
            response = try endpoint.send(
                "POST",
                "/",
                service: Request.target.service,
                headers: [
                    ("Content-Type", "application/x-amz-json-1.1"),
                    ("X-Amz-Target", "\(Request.target.prefix).\(Request.operation)"),
                ],
                body: body,
                timeout: timeout,
                mayRepeat: Request.isIdempotent
            )
        } catch {
            throw .unreachable(error)
        }
        guard response.status == 200 else { throw ServiceClient.failure(response) }
        do { return try ServiceJSON.decode(Request.Response.self, response.body) } catch {
            throw .malformed("\(Request.operation)")
        }
    }

    private struct Fault: Decodable {
        var type: String?
        var message: String?
        var capitalMessage: String?

        private enum CodingKeys: String, CodingKey {
            case type = "__type"
            case message
            case capitalMessage = "Message"
        }
    }

    /// `{"__type": "PREFIX#Code", "message": "…"}`.
    package static func failure(_ response: HTTPResponse) -> ServiceFailure {
        guard let fault = try? JSONDecoder().decode(Fault.self, from: Data(response.body)), let type = fault.type else {
            return .refused(code: "HTTP \(response.status)", status: response.status, message: response.excerpt)
        }
        let code = type.split(separator: "#").last.map(String.init) ?? type
        let message = fault.capitalMessage ?? fault.message ?? ""
        return .refused(code: code, message, response)
    }
}
