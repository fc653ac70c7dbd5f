// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeyRelay
internal import NIOCore

/// The operations of Systems Manager for users: sessions, and who can have one.
struct SystemsManager: Sendable {
    let store: Store
    let relay: Relay
    let workers: Workers
    let journal: StoreJournal
    /// Minutes that a session may last; nil for no limit.
    let maxDuration: Int?

    // MARK: Sessions

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
        guard let presence = try await relay.presence(of: request.target).get() else {
            throw ServiceError.targetNotConnected(request.target)
        }
        let plan = try SessionDocuments.plan(name, request.parameters ?? [:], isOwnAgent: presence.isOwn)
        guard case .user(let userName, let accessKeyID) = caller else {
            throw ServiceError.denied("agents do not start sessions")
        }
        // What becomes of it could not be written down.
        guard !journal.isFull else { throw ServiceError.unavailable }
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
        try await workers.write { try store.add(record) }
        let task = SessionTask(
            documentName: name,
            sessionID: record.id,
            owner: caller.arn,
            user: plan.user,
            type: plan.type,
            properties: plan.properties
        )
        guard let token = try await relay.begin(task, of: record, type: plan.type, by: accessKeyID).get() else {
            journal.ended(record.id, status: .failed, reason: "the agent went away")
            throw ServiceError.targetNotConnected(request.target)
        }
        return StartSession.Response(sessionId: record.id, tokenValue: token, streamUrl: stream(origin, record.id))
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
            journal.ended(record.id, status: .terminated, reason: reason)
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
        guard let record = try await workers.run({ try store.session(id) }) else { throw ServiceError.unknownSession }
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
                    throw ServiceError(code: "InvalidFilterKey", message: "'\(what)' is no filter")
                }
                return known
            }
        let cursor = try SystemsManager.cursor(request.nextToken)
        let page = try await workers.run {
            try store.sessions(isActive: request.state == "Active", filters, limit: limit, after: cursor)
        }
        // What the store does not know yet is told all the same.
        let news = journal.unwritten(of: page.elements.map(\.id))
        let sessions = page.elements.compactMap { record -> DescribeSessions.Session? in
            guard let change = news[record.id], record.ended == nil else { return shape(record) }
            guard !change.status.isEnd else { return nil }
            var record = record
            record.status = change.status
            return shape(record)
        }
        return DescribeSessions.Response(sessions: sessions, nextToken: page.next?.text)
    }

    /// Where the page before ended.
    private static func cursor(_ token: String?) throws(ServiceError) -> PageCursor? {
        guard let token else { return nil }
        guard let cursor = PageCursor(token) else {
            throw ServiceError(code: "InvalidNextToken", message: "the token is not one that was given")
        }
        return cursor
    }

    private static func limit(_ wanted: Int?) throws(ServiceError) -> Int {
        let limit = wanted ?? 50
        guard (1...50).contains(limit) else { throw .invalid("'maxResults' must be 1 to 50") }
        return limit
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
        let presence = try await relay.presence(of: request.target).get()
        return GetConnectionStatus.Response(
            target: request.target,
            status: presence == nil ? "notconnected" : "connected",
            takesPushedKeys: presence?.takesPushedKeys
        )
    }

    // MARK: Activations

    func createActivation(_ request: CreateActivation) async throws -> CreateActivation.Response {
        let limit = request.registrationLimit ?? 1
        guard (1...1000).contains(limit) else { throw ServiceError.invalid("'registrationLimit' must be 1 to 1000") }
        let now = Date()
        let expiration = request.expirationDate ?? now.addingTimeInterval(24 * 3600)
        guard expiration > now, expiration < now.addingTimeInterval(30 * 24 * 3600 + 60) else {
            throw ServiceError.invalid("'expirationDate' must lie within the next 30 days")
        }
        let tags = Dictionary((request.tags ?? []).map { ($0.key, $0.value) }) { $1 }
        let (activation, code) = try Activations.make(
            description: request.description,
            defaultInstanceName: request.defaultInstanceName,
            iamRole: request.iamRole,
            limit: limit,
            expiration: expiration,
            tags: tags,
            now: now
        )
        try await workers.write { try store.add(activation, codeDigest: Digest.sha256(Array(code.utf8))) }
        return CreateActivation.Response(activationId: activation.id, activationCode: code)
    }

    func describeActivations(_ request: DescribeActivations) async throws -> DescribeActivations.Response {
        let filters = try (request.filters ?? [])
            .map { filter in
                guard let known = ActivationFilter(key: filter.filterKey ?? "", values: filter.filterValues ?? [])
                else {
                    throw ServiceError(
                        code: "InvalidFilter",
                        message: "'\((filter.filterKey ?? "").cut(to: .quotation))' is no filter"
                    )
                }
                return known
            }
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let page = try await workers.run { try store.activations(filters, limit: limit, after: cursor) }
        let now = Date()
        let list = page.elements.map { activation in
            var shape = DescribeActivations.Activation(
                activationId: activation.id,
                registrationLimit: activation.registrationLimit,
                registrationsCount: activation.registrationsCount,
                expirationDate: activation.expiration,
                expired: activation.isExpired(at: now),
                createdDate: activation.created,
                tags: activation.tags.map { TagShape(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
            )
            shape.description = activation.description
            shape.defaultInstanceName = activation.defaultInstanceName
            shape.iamRole = activation.iamRole
            return shape
        }
        return DescribeActivations.Response(activationList: list, nextToken: page.next?.text)
    }

    func deleteActivation(_ request: DeleteActivation) async throws -> EmptyResponse {
        try await workers.write {
            do { try store.removeActivation(request.activationId) } catch let error as LatchkeyError
                where error.code == .activationInvalid
            {
                throw ServiceError(code: "InvalidActivation", message: error.message)
            }
        }
        return EmptyResponse()
    }

    // MARK: Instances

    func describeInstanceInformation(
        _ request: DescribeInstanceInformation
    ) async throws -> DescribeInstanceInformation.Response {
        let connected = try await relay.connected().get()
        let filters = ((request.filters ?? []) + (request.instanceInformationFilterList ?? []))
            .map { ($0.key ?? "", $0.values ?? $0.valueSet ?? []) }
        let wanted = filters.filter { $0.0 == "PingStatus" }.map(\.1)
        // All that are here are of one kind.
        let hasKind = filters.filter { $0.0 == "ResourceType" }.allSatisfy { $0.1.contains("ManagedInstance") }
        let known = try filters.filter { $0.0 != "PingStatus" && $0.0 != "ResourceType" }
            .map { (key, values) in
                guard let known = ManagedInstanceFilter(key: key, values: values) else {
                    // To leave it out would give more than was asked for.
                    throw ServiceError(code: "InvalidFilterKey", message: "'\(key.cut(to: .quotation))' is no filter")
                }
                return known
            }
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let (page, named) = try await workers.run {
            let page = try store.managedInstances(known, limit: limit, after: cursor)
            return (page, try store.instances(withIDs: page.elements.map(\.instanceID)))
        }
        let names = Dictionary(named.map { ($0.id, $0.name) }) { first, _ in first }
        let list = page.elements.map { instance in
            var shape = DescribeInstanceInformation.Information(
                instanceId: instance.instanceID,
                pingStatus: connected.contains(instance.instanceID) ? "Online" : "ConnectionLost"
            )
            shape.lastPingDateTime = connected.contains(instance.instanceID) ? Date() : instance.lastPing
            shape.agentVersion = instance.report.agentVersion
            shape.platformType = instance.report.platformType
            shape.platformName = instance.report.platformName
            shape.platformVersion = instance.report.platformVersion
            shape.activationId = instance.activationID
            shape.registrationDate = instance.registered
            shape.iPAddress = instance.report.ipAddress
            shape.computerName = instance.report.computerName
            shape.name = names[instance.instanceID] ?? nil
            return shape
        }
        return DescribeInstanceInformation.Response(
            instanceInformationList: list.filter { shape in
                hasKind && wanted.allSatisfy { $0.contains(shape.pingStatus) }
            },
            nextToken: page.next?.text
        )
    }
}

/// Makes activations.
package enum Activations {
    /// - Returns: the activation, and its code, which is shown once and never stored.
    package static func make(
        description: String?,
        defaultInstanceName: String?,
        iamRole: String?,
        limit: Int,
        expiration: Date,
        tags: Tags,
        now: Date
    ) throws -> (Activation, code: String) {
        for (key, value) in tags { try Names.tag(key: key, value: value) }
        guard tags.count <= Store.tagLimit else {
            throw LatchkeyError(.usage, "an activation may have \(Store.tagLimit) tags")
        }
        if let description, !description.fits(.activationDescription) {
            throw LatchkeyError(
                .usage,
                "the description is longer than \(TextLimit.activationDescription.scalars) characters"
            )
        }
        if let iamRole, !iamRole.fits(.roleName) {
            throw LatchkeyError(.usage, "the role's name is longer than \(TextLimit.roleName.bytes) bytes")
        }
        if let name = defaultInstanceName { _ = try Names.instance(name) }
        let activation = Activation(
            id: Random.uuid(),
            description: description,
            defaultInstanceName: defaultInstanceName,
            iamRole: iamRole,
            registrationLimit: limit,
            registrationsCount: 0,
            expiration: expiration,
            created: now,
            tags: tags
        )
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return (activation, Random.text(32, alphabet: letters))
    }
}
