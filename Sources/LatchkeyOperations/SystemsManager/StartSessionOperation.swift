// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeySessionProtocol
internal import LatchkeyStore
internal import NIOCore

/// Opens a session, and waits for an agent that is on its way.
struct StartSessionOperation: SystemsManagerOperation {
    static let action: Action = "ssm:StartSession"

    let ssm: SystemsManager

    func resources(of request: StartSession) -> [Resource] {
        [.instance(request.target), .document(request.documentName ?? SessionDocuments.shell)]
    }

    func execute(_ request: StartSession, in context: OperationContext) async throws -> StartSession.Response {
        guard !request.target.isEmpty, request.target.fits(.sessionTarget) else {
            throw ServiceError.invalid("'target' has a wrong length")
        }
        if let reason = request.reason, reason.isEmpty || !reason.fits(.sessionReason) {
            throw ServiceError.invalid("'reason' must have 1 to 256 characters")
        }
        let name = request.documentName ?? SessionDocuments.shell
        guard let presence = try await presence(of: request.target) else {
            throw ServiceError.targetNotConnected(request.target)
        }
        let plan = try SessionDocuments.plan(name, request.parameters ?? [:], isOwnAgent: presence.isOwn)
        let (origin, grant) = (try SystemsManager.origin(context), try context.grant)
        // What becomes of it could not be written down.
        guard !events.isFull else { throw ServiceError.unavailable }
        let record = SessionRecord(
            id: Identifier.makeSession(caller: Principal.userName(inARN: context.callerARN) ?? ""),
            target: request.target,
            owner: context.callerARN,
            documentName: name,
            reason: request.reason,
            parameters: request.parameters ?? [:],
            status: .connecting,
            started: context.time,
            maxDuration: maxDuration,
            user: plan.user,
            node: node
        )
        try await pool.write { try store.add(record) }
        let task = SessionTask(
            documentName: name,
            sessionID: record.id,
            owner: context.callerARN,
            user: plan.user,
            type: plan.type,
            properties: plan.properties
        )
        guard let token = try await relay.begin(task, of: record, type: plan.type, on: grant).get() else {
            events.ended(record.id, status: .failed, reason: "the agent went away")
            throw ServiceError.targetNotConnected(request.target)
        }
        return StartSession.Response(
            sessionId: record.id,
            tokenValue: token,
            streamUrl: SystemsManager.stream(origin, record.id)
        )
    }

    /// For how long a request waits for an agent that is on its way: shorter than clients wait for an answer.
    private static let arrivalTime = TimeAmount.seconds(8)

    /// What is known of an instance's agent, waiting for one that has every reason to come; nil if it is not there.
    private func presence(of target: Instance.ID) async throws -> ConnectedAgent? {
        if let presence = try await agents.agent(of: target).get() { return presence }
        let hasJustStarted = try await agents.hasJustStarted().get()
        let now = Date()
        let isExpected = try await pool.run {
            guard let instance = try store.instances(withIDs: [target]).first,
                [.pending, .running].contains(instance.state)
            else { return false }
            if let launch = try store.launch(of: target), launch.isAgentExpected(at: now) { return true }
            return try hasJustStarted && store.managedInstance(target) != nil
        }
        guard isExpected else { return nil }
        return try await agents.arrival(ofAgentOf: target, within: Self.arrivalTime).get()
    }
}
