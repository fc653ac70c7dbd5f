// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import NIOHTTP1

/// What comes in by the Query protocol, in which EC2 and STS are asked.
struct QueryRouter: Sendable {
    let pipeline: RequestPipeline
    let registry: OperationRegistry
    let region: String

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
        let form: QueryForm
        do throws(QueryFault) { form = try QueryRouter.form(request) } catch {
            return refuse(request, ServiceError.parameters(error), requestID)
        }
        guard let name = form.value("Action"), !name.isEmpty else {
            let message = "The request is missing an action or a required parameter"
            return refuse(request, ServiceError(code: "MissingAction", message: message), requestID)
        }
        // Which service is meant is told by the name alone.
        let services: [(String, QueryCoding.Dialect)] = [("ec2", .ec2), ("sts", .sts)]
        for (service, dialect) in services {
            let action = Action(service: service, name: name)
            guard let operation = registry[action] else { continue }
            let coding = QueryCoding(
                form: form,
                dialect: dialect,
                operation: name,
                requestID: requestID,
                region: region
            )
            return await pipeline.respond(to: request, action, with: operation, coding, requestID: requestID)
        }
        let message = "The action \(name.cut(to: .quotation).terminalSafe) is not valid for this web service"
        return refuse(request, ServiceError(code: "InvalidAction", message: message), requestID)
    }

    /// The answer to a request whose body was longer than `limit` bytes.
    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        let message = "The request is longer than \(limit) bytes"
        let error = ServiceError(code: "RequestEntityTooLarge", message: message, status: .payloadTooLarge)
        return refuse(request, error, Random.uuid())
    }

    private func refuse(_ request: IncomingRequest, _ error: ServiceError, _ requestID: String) -> OutgoingResponse {
        let told = pipeline.faults.serviceError(for: error, of: request.path, error)
        return QueryCoding.response(to: told, .ec2, requestID: requestID)
    }
}
