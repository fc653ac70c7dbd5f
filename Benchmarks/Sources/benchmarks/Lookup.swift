// SPDX-License-Identifier: Apache-2.0

import CMaterial
import Foundation

/// Finding an instance among very many in the embedded store.
struct Lookup {
    private static let state = "lookup"
    private static let count = 1_000_000
    /// From one id to the next, so that they are spread over most of those that there can be.
    private static let stride = 9_123_456_789_011

    let workshop: Workshop
    let report: Report

    func run() throws {
        try prepare()
        report.section(
            "an instance among \(Lookup.count), in process with the store's opening; median (least–greatest)"
        )
        let digits = String(500_000 * Lookup.stride, radix: 16)
        let id = "i-" + String(repeating: "0", count: 17 - digits.count) + digits
        let selectors = [
            ("its name", "web-500000"), ("the beginning of its name", "web-77777-"), ("its id", id),
            ("the beginning of its id", String(id.prefix(12))), ("its address", "10.8.0.0"),
            ("a tag", "tag:serial=654321"),
        ]
        for (words, selector) in selectors {
            let connect = workshop.latchkey("connect", "-v", selector, "--", "true", state: Lookup.state, expected: 255)
            let times = try workshop.times(20, connect, figure: { try $0.step("instance i-") })
            report.measure("by \(words)", times, aim: 10)
        }
        // What is not found is told before the first step, so there is no other figure. Similar names are looked for.
        for (words, selector) in [("that many resemble", "wbe-1"), ("that none resembles", "xyz")] {
            let missing = workshop.latchkey("instance", "show", selector, state: Lookup.state, expected: 1)
            report.measure("by an unknown name \(words), whole process", try workshop.times(20, missing), aim: 10)
        }
        let named = workshop.latchkey("instance", "show", "web-500000", state: Lookup.state)
        report.measure("by its name, whole process", try workshop.times(20, named), aim: nil)
    }

    /// Lets the program make its database, and fills it.
    private func prepare() throws {
        let folder = try workshop.makeFolder(Lookup.state)
        try workshop.run(workshop.latchkey("instance", "list", state: Lookup.state))
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        // Some names are longer by '-a', so that a beginning can be one's own.
        let sql = """
            PRAGMA journal_mode = DELETE;
            PRAGMA synchronous = OFF;
            BEGIN;
            CREATE TEMP TABLE number AS
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(Lookup.count)) SELECT i FROM n;
            INSERT INTO instance (id, state, port, user, keyName, created)
                SELECT printf('i-%017x', i * \(Lookup.stride)), 'running', 1, 'admin', NULL, 1700000000000 + i FROM number;
            INSERT INTO instanceTag (instanceID, key, value)
                SELECT printf('i-%017x', i * \(Lookup.stride)), 'Name', printf('web-%d%s', i, iif(i % 100 = 77, '-a', '')) FROM number;
            INSERT INTO instanceTag (instanceID, key, value)
                SELECT printf('i-%017x', i * \(Lookup.stride)), 'serial', printf('%d', i) FROM number;
            INSERT INTO instanceAddress (instanceID, position, address)
                SELECT printf('i-%017x', i * \(Lookup.stride)), 0, printf('10.%d.%d.%d', i >> 16, i >> 8 & 255, i & 255) FROM number;
            COMMIT;
            PRAGMA journal_mode = WAL;
            """
        guard sqlite3_open("\(folder)/latchkey.db", &database) == SQLITE_OK,
            sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK
        else {
            throw Command.Failure(
                description: "the database cannot be filled: \(String(cString: sqlite3_errmsg(database)))"
            )
        }
    }
}
