// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

@testable import LatchkeySQLite

struct SessionQueryTests {
    /// A plan that needs no sorting and walks an index is what keeps a page cheap however much history there is.
    @Test func `every page is a range of an index`() throws {
        try withStore { store, path in
            let (target, owner) = (SessionFilter.target("i-0a"), SessionFilter.owner("ann"))
            let before = SessionFilter.invokedBefore(time(9))
            let cases: [(Bool, [SessionFilter], String)] = [
                (true, [], "sessionAlive"), (true, [target, owner], "sessionAlive"), (false, [], "sessionByStarted"),
                (false, [target], "sessionByTarget"), (false, [owner], "sessionByOwner"),
                (false, [.status(.failed), owner], "sessionByOwner"), (false, [.status(.failed)], "sessionByStatus"),
                (false, [before, owner, target], "sessionByTarget"), (false, [before], "sessionByStarted"),
                (false, [.id("ann-1"), target], "sqlite_autoindex_session_1"),
            ]
            for (isActive, filters, index) in cases {
                for cursor in [nil, PageCursor("5.a")] {
                    let query = SessionQuery(isActive: isActive, filters, limit: 9, after: cursor)
                    let sql = query.sql.replacingOccurrences(of: "?", with: "5")
                    let plan = try execute("EXPLAIN QUERY PLAN \(sql)", path, column: 3)
                    #expect(plan.count == 1 && plan[0].contains("USING INDEX \(index)"), "\(filters): \(plan)")
                    if cursor != nil, index != "sqlite_autoindex_session_1" {
                        #expect(plan[0].contains("(started,id)<(?,?)"), "\(filters): \(plan)")
                    }
                }
            }
        }
    }
}
