// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyRelay
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Everything that comes in over HTTP: who asks, what for, and the answer.
struct RequestRouter: RequestResponder {
    let authenticator: Authenticator
    let manager: SystemsManager
    let agents: AgentOperations
    let connect: InstanceConnect
    let ec2: EC2Service
    let relay: Relay
    let metrics: Metrics
    let log: Logger
    var origin = PublicOrigin.ofRequest
    let installation: AgentInstallation

    private static let controlPath = "/v1/control-channel/"
    private static let dataPath = "/v1/data-channel/"

    // MARK: Requests

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        switch (request.method, request.path) {
        case ("GET", "/healthz"): return .text(.ok, "ok")
        case ("GET", "/metrics"):
            return OutgoingResponse(.ok, type: "text/plain; version=0.0.4; charset=utf-8", metrics.text.utf8)
        default: break
        }
        let requestID = Random.uuid()
        do {
            if request.method == "POST", request.path.hasPrefix(RequestRouter.controlPath) {
                return try await controlToken(request)
            }
            if request.method == "POST", request.path.hasPrefix(RequestRouter.dataPath) {
                return try await dataToken(request)
            }
            if let answer = try await installation.response(to: request) { return answer }
            if QueryHandler.takes(request) { return await ec2Door.respond(to: request) }
            guard request.method == "POST", request.path == "/" else {
                return .text(.notFound, "there is nothing here")
            }
            let body = try await operation(request, requestID)
            var response = OutgoingResponse(.ok, type: "application/x-amz-json-1.1", body)
            response.headers.add(name: "x-amzn-RequestId", value: requestID)
            return response
        } catch {
            return failure(error, request).response(requestID: requestID)
        }
    }

    private var ec2Door: QueryHandler {
        QueryHandler(authenticator: authenticator, service: ec2) { failure($0, $1) }
    }

    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        QueryHandler.takes(request)
            ? ec2Door.refuse(request, longerThan: limit)
            : .text(.payloadTooLarge, "the request is longer than \(limit) bytes")
    }

    func namesSigner(_ request: IncomingRequest) -> Bool { authenticator.namesSigner(request) }

    func isAuthenticated(head request: IncomingRequest) async -> Bool {
        (try? authenticator.signer(of: request, services: RequestRouter.allServices)) != nil
    }

    private func failure(_ error: any Error, _ request: IncomingRequest) -> ServiceError {
        if let error = error as? ServiceError {
            metrics.count(.refusedRequests)
            log.debug("request refused", metadata: ["code": "\(error.code)", "reason": "\(error.message)"])
            return error
        }
        if let error = error as? LatchkeyError, [.nameInvalid, .usage].contains(error.code) {
            return .invalid(error.message)
        }
        // What went wrong inside is for the log; a caller learns that it was not their fault.
        let target = request.headers.first(name: "X-Amz-Target") ?? request.path
        log.error("request failed", metadata: ["target": "\(target)", "error": "\(error)"])
        if let error = error as? LatchkeyError, error.code == .storageFull {
            return .internalError("the server's disk is full; nothing was changed")
        }
        if let error = error as? LatchkeyError, [.storeBusy, .storeUnavailable].contains(error.code) {
            return .unavailable
        }
        return .internalError("the server could not do this; its log says why")
    }

    private func operation(_ request: IncomingRequest, _ requestID: String) async throws -> [UInt8] {
        guard let target = request.headers.first(name: "X-Amz-Target") else {
            throw ServiceError(code: "UnknownOperationException", message: "the request names no operation")
        }
        if target == "AmazonSSM.\(RegisterManagedInstance.operation)" {
            return try ServiceJSON.encode(try await agents.register(try decode(RegisterManagedInstance.self, request)))
        }
        let parts = target.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let service = RequestRouter.services[String(parts[0])] else {
            throw RequestRouter.unknownOperation(target)
        }
        let caller = try authenticator.principal(of: request, services: [service])
        let name = String(parts[1])
        switch (service, caller) {
        case (SendSSHPublicKey.target.service, _): return try await connectOperation(name, request, caller, requestID)
        case (_, .user): return try await userOperation(name, request, caller)
        case (_, .registeredKey), (_, .instance): return try await agentOperation(name, request, caller, service)
        }
    }

    /// The services that speak JSON: what stands before an operation, and what signatures are for.
    private static let services = [
        "AmazonSSM": "ssm", "EC2WindowsMessageDeliveryService": "ec2messages",
        SendSSHPublicKey.target.prefix: SendSSHPublicKey.target.service,
    ]

    /// Everything that signatures may be for.
    private static let allServices = Set(services.values).union(["ec2", "sts", "ssmmessages"])

    private static func unknownOperation(_ name: some StringProtocol) -> ServiceError {
        ServiceError(
            code: "UnknownOperationException",
            message: "the operation '\(name.cut(to: .quotation))' is not offered here"
        )
    }

    private func connectOperation(
        _ name: String,
        _ request: IncomingRequest,
        _ caller: Principal,
        _ requestID: String
    ) async throws -> [UInt8] {
        guard case .user(_, let accessKeyID) = caller else {
            throw ServiceError(code: "AuthException", message: "an agent may not do this", status: .forbidden)
        }
        guard name == SendSSHPublicKey.operation else { throw RequestRouter.unknownOperation(name) }
        let decoded = try decode(SendSSHPublicKey.self, request)
        return try ServiceJSON.encode(
            try await connect.sendSSHPublicKey(decoded, as: accessKeyID, requestID: requestID)
        )
    }

    private func userOperation(_ name: String, _ request: IncomingRequest, _ caller: Principal) async throws -> [UInt8]
    {
        func answer<Request: ServiceRequest>(
            _ type: Request.Type,
            _ body: (Request) async throws -> Request.Response
        ) async throws -> [UInt8] {
            try ServiceJSON.encode(try await body(try decode(type, request)))
        }
        switch name {
        case StartSession.operation:
            let origin = try origin.stream(of: request)
            return try await answer(StartSession.self) {
                try await manager.startSession($0, as: caller, origin: origin)
            }
        case ResumeSession.operation:
            let origin = try origin.stream(of: request)
            return try await answer(ResumeSession.self) {
                try await manager.resumeSession($0, as: caller, origin: origin)
            }
        case TerminateSession.operation:
            return try await answer(TerminateSession.self) { try await manager.terminateSession($0, as: caller) }
        case DescribeSessions.operation: return try await answer(DescribeSessions.self, manager.describeSessions)
        case GetConnectionStatus.operation:
            return try await answer(GetConnectionStatus.self, manager.getConnectionStatus)
        case SendCommand.operation:
            return try await answer(SendCommand.self) { try await manager.sendCommand($0, as: caller) }
        case CancelCommand.operation: return try await answer(CancelCommand.self, manager.cancelCommand)
        case ListCommands.operation: return try await answer(ListCommands.self, manager.listCommands)
        case ListCommandInvocations.operation:
            return try await answer(ListCommandInvocations.self, manager.listCommandInvocations)
        case GetCommandInvocation.operation:
            return try await answer(GetCommandInvocation.self, manager.getCommandInvocation)
        case CreateActivation.operation: return try await answer(CreateActivation.self, manager.createActivation)
        case DescribeActivations.operation:
            return try await answer(DescribeActivations.self, manager.describeActivations)
        case DeleteActivation.operation: return try await answer(DeleteActivation.self, manager.deleteActivation)
        case DescribeInstanceInformation.operation:
            return try await answer(DescribeInstanceInformation.self, manager.describeInstanceInformation)
        case GetInventory.operation: return try await answer(GetInventory.self, manager.getInventory)
        case ListInventoryEntries.operation:
            return try await answer(ListInventoryEntries.self, manager.listInventoryEntries)
        case DeregisterManagedInstance.operation:
            return try await answer(DeregisterManagedInstance.self, manager.deregister)
        case ListTagsForResource.operation: return try await answer(ListTagsForResource.self, manager.listTags)
        case AddTagsToResource.operation: return try await answer(AddTagsToResource.self, manager.addTags)
        case RemoveTagsFromResource.operation:
            return try await answer(RemoveTagsFromResource.self, manager.removeTags)
        case ListDocuments.operation: return try await answer(ListDocuments.self, manager.listDocuments)
        case DescribeDocument.operation: return try await answer(DescribeDocument.self, manager.describeDocument)
        case GetDocument.operation: return try await answer(GetDocument.self, manager.getDocument)
        default: throw RequestRouter.unknownOperation(name)
        }
    }

    private func agentOperation(
        _ name: String,
        _ request: IncomingRequest,
        _ caller: Principal,
        _ service: String
    ) async throws -> [UInt8] {
        if name == RequestManagedInstanceRoleToken.operation {
            return try ServiceJSON.encode(try agents.roleToken(caller))
        }
        guard case .instance(let id) = caller else {
            throw ServiceError.denied("a registered key may ask for credentials only")
        }
        switch name {
        case UpdateInstanceInformation.operation:
            let decoded = try decode(UpdateInstanceInformation.self, request)
            return try ServiceJSON.encode(try await agents.update(decoded, caller))
        case ListPushedKeys.operation:
            return try ServiceJSON.encode(
                try await connect.listPushedKeys(try decode(ListPushedKeys.self, request), of: id)
            )
        case GetMessages.operation where service == "ec2messages":
            let decoded = try decode(GetMessages.self, request)
            // Held, since an agent asks again at once; there is never anything for it here.
            try await Task.sleep(for: .seconds(20))
            return try ServiceJSON.encode(
                GetMessages.Response(destination: id, messagesRequestId: decoded.messagesRequestId ?? "")
            )
        case StartSession.operation, TerminateSession.operation, ResumeSession.operation, CreateActivation.operation,
            SendCommand.operation, CancelCommand.operation, DeregisterManagedInstance.operation:
            throw ServiceError.denied("an agent may not do this")
        default:
            // Associations, inventory, documents: an agent that hears of nothing stays content.
            return Array("{}".utf8)
        }
    }

    private func decode<Request: ServiceRequest>(_ type: Request.Type, _ request: IncomingRequest) throws -> Request {
        do { return try ServiceJSON.decode(type, request.body) } catch {
            throw ServiceError(
                code: "SerializationException",
                message: "the body is not what \(Request.operation) takes"
            )
        }
    }

    // MARK: Channels

    private func agent(of request: IncomingRequest) throws -> String {
        let caller = try authenticator.principal(of: request, services: ["ssmmessages"])
        guard case .instance(let id) = caller else { throw ServiceError.denied("only an agent opens this channel") }
        return id
    }

    /// Official clients sign their data channels since 1.2.764.0 (AWS: `ssmmessages:OpenDataChannel`); older ones sign nothing.
    private func dataSigner(of request: IncomingRequest) throws -> DataLink.Signer {
        guard request.headers.contains(name: "Authorization") else { return .nobody }
        let caller = try authenticator.principal(of: request, services: ["ssmmessages"])
        switch caller {
        case .user: return .user(arn: caller.arn)
        case .instance(let id): return .agent(id)
        case .registeredKey: throw ServiceError.denied("a registered key may ask for credentials only")
        }
    }

    private func controlToken(_ request: IncomingRequest) async throws -> OutgoingResponse {
        let id = try agent(of: request)
        guard request.path == RequestRouter.controlPath + id else {
            return RequestRouter.denied("an agent opens the channel of its own instance only")
        }
        return RequestRouter.token(try await relay.controlToken(for: id).get())
    }

    private func dataToken(_ request: IncomingRequest) async throws -> OutgoingResponse {
        let id = try agent(of: request)
        let sessionID = String(request.path.dropFirst(RequestRouter.dataPath.count))
        switch try await relay.agentToken(for: sessionID, instanceID: id).get() {
        case .token(let token): return RequestRouter.token(token)
        case .denied:
            metrics.count(.refusedChannels)
            log.warning("agent asks for another's session", metadata: ["instance": "\(id)", "session": "\(sessionID)"])
            return RequestRouter.denied("the session is another instance's")
        // In these words an agent takes it for the end.
        case .over: return .text(.badRequest, "Session is already terminated")
        }
    }

    private static func token(_ token: String) -> OutgoingResponse {
        let xml =
            "<CreateChannelResponse><MessageSchemaVersion>1.0</MessageSchemaVersion>"
            + "<TokenValue>\(token)</TokenValue></CreateChannelResponse>"
        return OutgoingResponse(.created, type: "application/xml", xml.utf8)
    }

    private static func denied(_ message: String) -> OutgoingResponse {
        let xml = "<AccessDeniedException><Message>\(message)</Message></AccessDeniedException>"
        return OutgoingResponse(.forbidden, type: "application/xml", xml.utf8)
    }

    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer {
        let relay = relay
        do {
            if request.path.hasPrefix(RequestRouter.controlPath) {
                let id = try agent(of: request)
                guard request.path == RequestRouter.controlPath + id else {
                    return .refuse(RequestRouter.denied("an agent opens the channel of its own instance only"))
                }
                return .accept { ControlLink(relay: relay, instanceID: id) }
            }
            guard request.path.hasPrefix(RequestRouter.dataPath) else {
                return .refuse(.text(.notFound, "there is no channel here"))
            }
            let sessionID = String(request.path.dropFirst(RequestRouter.dataPath.count))
            let signer = try dataSigner(of: request)
            return .accept {
                DataLink(relay: relay, path: sessionID, signer: signer, connection: request.connection)
            }
        } catch {
            let failure = failure(error, request)
            // A fault of this server must not look like a refusal, after which an agent may give up.
            let status = failure.status.code >= 500 ? failure.status : .forbidden
            var response = OutgoingResponse.text(status, "\(failure.code): \(failure.message)")
            failure.addRetryAfter(to: &response)
            return .refuse(response)
        }
    }
}
