// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Lists sessions: a user's own, and for an admin those of all users.
struct DescribeSessionsOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DescribeSessions"

    let ssm: SystemsManager

    func execute(_ request: DescribeSessions, in context: OperationContext) async throws -> DescribeSessions.Response {
        guard request.state == "Active" || request.state == "History" else {
            throw ServiceError.invalid("'state' must be Active or History")
        }
        let limit = request.maxResults ?? 50
        guard (1...200).contains(limit) else { throw ServiceError.invalid("'maxResults' must be 1 to 200") }
        var filters = try (request.filters ?? [])
            .map { filter in
                guard let known = SessionFilter(key: filter.key, value: filter.value) else {
                    let what = "\(filter.key.cut(to: .quotation))=\(filter.value.cut(to: .quotation))"
                    throw ServiceError(code: "InvalidFilterKey", message: "'\(what)' is not a filter")
                }
                return known
            }
        if case .ownedBy(let arn) = context.scope { filters.append(.owner(arn)) }
        let cursor = try SystemsManager.cursor(request.nextToken)
        let page = try await pool.run { [filters] in
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
}
