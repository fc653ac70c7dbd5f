// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel
internal import LatchkeyRelay
internal import NIOCore

extension SystemsManager {
    /// - Parameter origin: where data channels are opened, for example `wss://host:8443`.
    func startSession(_ request: StartSession, as caller: Principal, origin: String) async throws
        -> StartSession.Response
    {
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
        guard case .user(let userName, let accessKeyID) = caller else {
            throw ServiceError.denied("agents do not start sessions")
        }
        // What becomes of it could not be written down.
        guard !events.isFull else { throw ServiceError.unavailable }
        let record = SessionRecord(
            id: Identifier.makeSession(caller: userName),
            target: request.target,
            owner: caller.arn,
            documentName: name,
            reason: request.reason,
            parameters: request.parameters ?? [:],
            status: .connecting,
            started: Date(),
            maxDuration: maxDuration,
            user: plan.user
        )
        try await pool.write { try store.add(record) }
        let task = SessionTask(
            documentName: name,
            sessionID: record.id,
            owner: caller.arn,
            user: plan.user,
            type: plan.type,
            properties: plan.properties
        )
        guard let token = try await relay.begin(task, of: record, type: plan.type, by: accessKeyID).get() else {
            events.ended(record.id, status: .failed, reason: "the agent went away")
            throw ServiceError.targetNotConnected(request.target)
        }
        return StartSession.Response(sessionId: record.id, tokenValue: token, streamUrl: stream(origin, record.id))
    }

    /// For how long a request waits for an agent that is on its way: shorter than clients wait for an answer.
    private static let arrivalTime = TimeAmount.seconds(8)

    /// What is known of an instance's agent, waiting for one that has every reason to come; nil if it is not there.
    private func presence(of target: Instance.ID) async throws -> Relay.Presence? {
        if let presence = try await relay.presence(of: target).get() { return presence }
        let hasJustStarted = try await relay.hasJustStarted().get()
        let now = Date()
        let isExpected = try await pool.run {
            guard let instance = try store.instances(withIDs: [target]).first,
                [.pending, .running].contains(instance.state)
            else { return false }
            if let launch = try store.launch(of: target), launch.isAgentExpected(at: now) { return true }
            return try hasJustStarted && store.managedInstance(target) != nil
        }
        guard isExpected else { return nil }
        return try await relay.arrival(ofAgentOf: target, within: SystemsManager.arrivalTime).get()
    }

    private func stream(_ origin: String, _ sessionID: String) -> String {
        "\(origin)/v1/data-channel/\(sessionID)?role=publish_subscribe"
    }

    /// - Parameter origin: as for ``startSession(_:as:origin:)``.
    func resumeSession(
        _ request: ResumeSession,
        as caller: Principal,
        origin: String
    ) async throws -> ResumeSession.Response {
        let (record, accessKeyID) = try await owned(request.sessionId, by: caller, for: ResumeSession.operation)
        guard let token = try await relay.clientToken(for: record.id, by: accessKeyID).get() else {
            // Without a token the official client says that the session has timed out, and ends.
            return ResumeSession.Response(sessionId: record.id, tokenValue: nil, streamUrl: nil)
        }
        return ResumeSession.Response(sessionId: record.id, tokenValue: token, streamUrl: stream(origin, record.id))
    }

    func terminateSession(
        _ request: TerminateSession,
        as caller: Principal
    ) async throws -> TerminateSession.Response {
        let (record, _) = try await owned(request.sessionId, by: caller, for: TerminateSession.operation)
        let reason = SessionEndReason.terminated.rawValue
        if try await !relay.terminate(record.id, reason: reason).get(), record.ended == nil {
            // It lives nowhere any more, and only the store does not know that yet.
            events.ended(record.id, status: .terminated, reason: reason)
        }
        return TerminateSession.Response(sessionId: record.id)
    }

    /// A session that is the caller's own: one of the same user, whichever access key it was started with.
    ///
    /// - Throws: `DoesNotExistException`, `AccessDeniedException`.
    private func owned(
        _ id: SessionRecord.ID,
        by caller: Principal,
        for operation: String
    ) async throws -> (SessionRecord, AccessKey.ID) {
        guard let record = try await pool.run({ try store.session(id) }) else { throw ServiceError.unknownSession }
        guard case .user(_, let accessKeyID) = caller, record.owner == caller.arn else {
            throw ServiceError.denied(
                "User: \(caller.arn) is not authorized to perform: ssm:\(operation) on the session '\(record.id)', "
                    + "which is another user's"
            )
        }
        return (record, accessKeyID)
    }

    func describeSessions(_ request: DescribeSessions) async throws -> DescribeSessions.Response {
        guard request.state == "Active" || request.state == "History" else {
            throw ServiceError.invalid("'state' must be Active or History")
        }
        let limit = request.maxResults ?? 50
        guard (1...200).contains(limit) else { throw ServiceError.invalid("'maxResults' must be 1 to 200") }
        let filters = try (request.filters ?? [])
            .map { filter in
                guard let known = SessionFilter(key: filter.key, value: filter.value) else {
                    let what = "\(filter.key.cut(to: .quotation))=\(filter.value.cut(to: .quotation))"
                    throw ServiceError(code: "InvalidFilterKey", message: "'\(what)' is not a filter")
                }
                return known
            }
        let cursor = try SystemsManager.cursor(request.nextToken)
        let page = try await pool.run {
            try store.sessions(isActive: request.state == "Active", filters, limit: limit, after: cursor)
        }
        // What the store does not know yet is told all the same.
        let news = events.unwritten(of: page.elements.map(\.id))
        let sessions = page.elements.compactMap { record -> DescribeSessions.Session? in
            guard let change = news[record.id], record.ended == nil else { return shape(record) }
            guard !change.status.isEnd else { return nil }
            var record = record
            record.status = change.status
            return shape(record)
        }
        return DescribeSessions.Response(sessions: sessions, nextToken: page.next?.text)
    }

    private func shape(_ record: SessionRecord) -> DescribeSessions.Session {
        var session = DescribeSessions.Session(
            sessionId: record.id,
            target: record.target,
            status: record.status.rawValue,
            startDate: record.started
        )
        session.endDate = record.ended
        session.documentName = record.documentName
        session.owner = record.owner
        session.reason = record.reason
        session.details = record.details
        session.maxSessionDuration = record.maxDuration.map(String.init)
        return session
    }

    func getConnectionStatus(_ request: GetConnectionStatus) async throws -> GetConnectionStatus.Response {
        let target = request.target
        let presence = try await relay.presence(of: target).get()
        var answer = GetConnectionStatus.Response(
            target: target,
            status: presence == nil ? "notconnected" : "connected",
            takesPushedKeys: presence?.takesPushedKeys
        )
        answer.latchkeyCopied = try await relay.copied().get()[target]
        if presence == nil {
            let managed = try await pool.run { try store.managedInstance(target) }
            answer.latchkeyAgentName = managed?.report.agentName
            answer.latchkeyLastSeen = managed?.lastPing
        }
        return answer
    }
}
