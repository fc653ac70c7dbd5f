// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import LatchkeyModel
internal import LatchkeyStore

/// A page of sessions, as a query that reads one range of one index and no other row than those it gives, unless filters
/// are combined.
struct SessionQuery {
    private var conditions = Conditions()
    private let limit: Int

    init(isActive: Bool, _ filters: [SessionFilter], limit: Int, after cursor: PageCursor?) {
        self.limit = limit
        conditions.add(isActive ? "ended IS NULL" : "ended IS NOT NULL")
        // The most telling filter chooses the index. The plus sign keeps SQLite from choosing another one, which it would
        // do by guesses about rows that it has not counted. The few sessions that are alive have an index to themselves.
        let leading = isActive ? nil : filters.map(\.rank).filter { $0 < SessionFilter.notLeading }.min()
        for filter in filters { filter.add(to: &conditions, leads: filter.rank == leading, isFirstPage: cursor == nil) }
        if let cursor { conditions.add("(started, id) < (?, ?)", [cursor.time, cursor.id]) }
    }

    var sql: String { "SELECT * FROM session \(conditions.clause) ORDER BY started DESC, id DESC LIMIT ?" }
    var arguments: StatementArguments { conditions.arguments + [limit + 1] }
}

extension SessionFilter {
    fileprivate static let notLeading = 4

    /// How much of the history is left by it at the most, the least first.
    fileprivate var rank: Int {
        switch self {
        case .id: 0
        case .target: 1
        case .owner: 2
        case .status: 3
        case .invokedAfter, .invokedBefore, .accessType: SessionFilter.notLeading
        }
    }

    fileprivate func add(to conditions: inout Conditions, leads: Bool, isFirstPage: Bool) {
        let sign = leads ? "" : "+"
        switch self {
        case .invokedAfter(let date): conditions.add("started >= ?", [date.milliseconds])
        // Of two ends of its range SQLite uses one, and on a later page the cursor is the nearer.
        case .invokedBefore(let date): conditions.add("\(isFirstPage ? "" : "+")started < ?", [date.milliseconds])
        case .target(let target): conditions.add("\(sign)target = ?", [target])
        case .owner(let owner): conditions.add("\(sign)owner = ?", [owner])
        case .status(let status): conditions.add("\(sign)status = ?", [status.rawValue])
        // One row at the most, by the table's own key.
        case .id(let id): conditions.add("id = ?", [id])
        case .accessType(let type): conditions.add(type == "Standard" ? "TRUE" : "FALSE")
        }
    }
}
