// SPDX-License-Identifier: Apache-2.0

import CMaterial
import Foundation

/// Instances without number: `web-0` and so on, each with an address and a serial number as a tag.
enum ManyInstances {
    /// From one id to the next, so that they are spread over most of those that there can be.
    private static let stride = 9_123_456_789_011

    /// The id of the one with this number.
    static func id(_ number: Int) -> String {
        let digits = String(number * stride, radix: 16)
        return "i-" + String(repeating: "0", count: 17 - digits.count) + digits
    }

    /// Puts them into a database that is there, whatever else uses it.
    static func add(_ count: Int, to path: String) throws {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        // Some names are longer by '-a', so that a beginning can be one's own.
        let sql = """
            PRAGMA synchronous = OFF;
            BEGIN IMMEDIATE;
            CREATE TEMP TABLE number AS
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(count)) SELECT i FROM n;
            INSERT INTO instance (id, state, port, user, keyName, created)
                SELECT printf('i-%017x', i * \(stride)), 'running', 1, 'admin', NULL, 1700000000000 + i FROM number;
            INSERT INTO instanceTag (instanceID, key, value)
                SELECT printf('i-%017x', i * \(stride)), 'Name', printf('web-%d%s', i, iif(i % 100 = 77, '-a', '')) FROM number;
            INSERT INTO instanceTag (instanceID, key, value)
                SELECT printf('i-%017x', i * \(stride)), 'serial', printf('%d', i) FROM number;
            INSERT INTO instanceAddress (instanceID, position, address)
                SELECT printf('i-%017x', i * \(stride)), 0, printf('10.%d.%d.%d', i >> 16, i >> 8 & 255, i & 255) FROM number;
            COMMIT;
            PRAGMA wal_checkpoint;
            """
        guard sqlite3_open(path, &database) == SQLITE_OK, sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw Command.Failure(
                description: "the database cannot be filled: \(String(cString: sqlite3_errmsg(database)))"
            )
        }
    }
}
