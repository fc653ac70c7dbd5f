// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import NIOHTTP1

/// What comes in by the Query protocol, in which EC2 and STS are asked: who asks, what for, and the answer in XML.
struct EC2Door: Sendable {
    let authority: Authority
    let service: EC2Service
    /// Notes why a request is not answered, and gives what may be told of it.
    let note: @Sendable (any Error, IncomingRequest) -> ServiceError

    /// Whether a request is one of these.
    static func takes(_ request: IncomingRequest) -> Bool {
        !request.headers.contains(name: "X-Amz-Target")
            && request.headers.first(name: "Content-Type")?.lowercased().hasPrefix("application/x-www-form-urlencoded")
                == true
    }

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        let requestID = Random.uuid()
        var isSTS = false
        do {
            let form = try QueryForm(request.body)
            guard let action = form.value("Action"), !action.isEmpty else {
                throw ServiceError(
                    code: "MissingAction",
                    message: "The request is missing an action or a required parameter"
                )
            }
            isSTS = action == STS.GetCallerIdentity.operation
            if isSTS { return try await callerIdentity(form, request, requestID) }
            guard let handler = EC2Operations.all[action] else {
                throw ServiceError(
                    code: "InvalidAction",
                    message:
                        "The action \(action.cut(to: .quotation).terminalSafe) is not valid for this web service"
                )
            }
            let caller = try authority.signer(of: request, services: ["ec2"])
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
        let caller = try authority.signer(of: request, services: ["sts"])
        guard case .user(let name, _) = caller else {
            throw ServiceError(code: "AccessDenied", message: "this is not an agent's to ask", status: .forbidden)
        }
        _ = try form.decode(STS.GetCallerIdentity.self)
        let answer = STS.GetCallerIdentity.Response(arn: caller.arn, userId: name, account: Principal.account)
        let body = try QueryXML.stsAnswer(STS.GetCallerIdentity.operation, answer, requestID: requestID)
        var response = OutgoingResponse(.ok, type: EC2Door.contentType, body)
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
        let error = note(EC2Door.worded(error, isSTS: isSTS), request)
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
        var response = OutgoingResponse(error.status, type: EC2Door.contentType, body)
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

/// What an operation may know of its request besides its parameters.
struct EC2Context: Sendable {
    let request: IncomingRequest
    let requestID: String
}

/// The operations of EC2 that are offered, by their names.
enum EC2Operations {
    typealias Handler = @Sendable (EC2Service, QueryForm, EC2Context) async throws -> OutgoingResponse

    static let all: [String: Handler] = {
        var all: [String: Handler] = [:]
        func offer<Request: EC2.Request>(
            _ type: Request.Type,
            _ operation: @escaping @Sendable (EC2Service, Request) async throws -> Request.Response
        ) {
            all[Request.operation] = { service, form, context in
                let answer = try await operation(service, try form.decode(type))
                let body = try QueryXML.answer(Request.operation, answer, requestID: context.requestID)
                return OutgoingResponse(.ok, type: EC2Door.contentType, body)
            }
        }
        offer(EC2.ImportKeyPair.self) { try await $0.importKeyPair($1) }
        offer(EC2.DescribeKeyPairs.self) { try await $0.describeKeyPairs($1) }
        offer(EC2.DeleteKeyPair.self) { try await $0.deleteKeyPair($1) }
        offer(EC2.CreateTags.self) { try await $0.createTags($1) }
        offer(EC2.DeleteTags.self) { try await $0.deleteTags($1) }
        offer(EC2.DescribeTags.self) { try await $0.describeTags($1) }
        offer(EC2.DescribeInstances.self) { try await $0.describeInstances($1) }
        offer(EC2.DescribeInstanceStatus.self) { try await $0.describeInstanceStatus($1) }
        offer(EC2.RunInstances.self) { try await $0.runInstances($1) }
        offer(EC2.StartInstances.self) { try await $0.startInstances($1) }
        offer(EC2.StopInstances.self) { try await $0.stopInstances($1) }
        offer(EC2.RebootInstances.self) { try await $0.rebootInstances($1) }
        offer(EC2.TerminateInstances.self) { try await $0.terminateInstances($1) }
        offer(EC2.GetConsoleOutput.self) { try await $0.getConsoleOutput($1) }
        offer(EC2.GetPasswordData.self) { try await $0.getPasswordData($1) }
        offer(EC2.DescribeImages.self) { try await $0.describeImages($1) }
        // Their answers need more than their parameters.
        all[EC2.CreateKeyPair.operation] = { service, form, context in
            try await service.createKeyPair(try form.decode(EC2.CreateKeyPair.self), requestID: context.requestID)
        }
        all[EC2.DescribeRegions.operation] = { service, form, context in
            let host = context.request.headers.first(name: "Host") ?? "localhost"
            let answer = try service.describeRegions(try form.decode(EC2.DescribeRegions.self), host: host)
            let body = try QueryXML.answer(EC2.DescribeRegions.operation, answer, requestID: context.requestID)
            return OutgoingResponse(.ok, type: EC2Door.contentType, body)
        }
        return all
    }()
}
