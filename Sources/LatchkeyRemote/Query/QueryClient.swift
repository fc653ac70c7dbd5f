// SPDX-License-Identifier: Apache-2.0

package import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyTransport

/// Asks operations in the query protocols of AWS: a form goes out, XML comes back.
package struct QueryClient: Sendable {
    /// What differs between the services.
    package enum Dialect: Sendable {
        case ec2, sts

        var service: String { self == .ec2 ? "ec2" : "sts" }
        var version: String { self == .ec2 ? EC2.version : STS.version }
    }

    package let endpoint: ServiceEndpoint
    private let dialect: Dialect
    private let retries: RetryPolicy

    package init(_ endpoint: ServiceEndpoint, dialect: Dialect, retries: RetryPolicy) {
        self.endpoint = endpoint
        self.dialect = dialect
        self.retries = retries
    }

    /// - Parameters:
    ///   - isIdempotent: whether it may be asked twice, as everything that only reads, sets a state, or has a client token.
    ///   - timeout: milliseconds for each attempt.
    func call<Response: Decodable>(
        _ action: String,
        _ request: some Encodable,
        as type: Response.Type,
        isIdempotent: Bool = true,
        timeout: Int = 15_000
    ) throws(ServiceFailure) -> Response {
        let body: [UInt8]
        do {
            body = try QueryEncoder.encode(request, operation: action, version: dialect.version)
        } catch {
            throw .malformed("\(error)".terminalSafe)
        }
        return try retries.run(isIdempotent: isIdempotent) { () throws(ServiceFailure) in
            try attempt(action, body, type, isIdempotent, timeout)
        }
    }

    private func attempt<Response: Decodable>(
        _ action: String,
        _ body: [UInt8],
        _ type: Response.Type,
        _ isIdempotent: Bool,
        _ timeout: Int
    ) throws(ServiceFailure) -> Response {
        let response: HTTPResponse
        do {
            response = try endpoint.send(
                "POST",
                "/",
                service: dialect.service,
                headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
                body: body,
                timeout: timeout,
                mayRepeat: isIdempotent
            )
        } catch {
            throw .unreachable(error)
        }
        guard response.status == 200 else { throw QueryClient.failure(response) }
        let root: XMLElement
        do throws(XMLReader.Fault) { root = try XMLReader.read(response.body) } catch {
            throw .malformed("\(action): \(error.message.terminalSafe)")
        }
        do {
            // STS puts one more element around what it has to say.
            return try XMLDecoder().decode(type, from: root["\(action)Result"] ?? root)
        } catch let error as DecodingError {
            throw .malformed("\(action): \(QueryClient.message(error).terminalSafe)")
        } catch {
            throw .malformed(action)
        }
    }

    /// `<Response><Errors><Error>` with code and message, as EC2 writes it, or `<ErrorResponse><Error>`, as STS does.
    static func failure(_ response: HTTPResponse) -> ServiceFailure {
        guard let root = try? XMLReader.read(response.body), let error = root["Errors"]?["Error"] ?? root["Error"],
            let code = error["Code"]?.text
        else {
            return .refused(code: "HTTP \(response.status)", status: response.status, message: response.excerpt)
        }
        return .refused(code: code, error["Message"]?.text ?? "", response)
    }

    private static func message(_ error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}
