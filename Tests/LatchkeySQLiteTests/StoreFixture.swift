// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport

/// Runs `body` with a store of its own and the path of its file.
func withStore<Value>(_ body: (SQLiteStore, String) throws -> Value) throws -> Value {
    try Scratch.with { scratch in
        let path = "\(scratch.path)/store.db"
        return try body(SQLiteStore(path: path), path)
    }
}

/// What `body` fails with; nil if it does not, or with something else.
func code(_ body: () throws -> Void) -> LatchkeyError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? LatchkeyError)?.code
    }
}

/// Runs statements on a database behind the program's back, and gives one column of what the last one finds.
@discardableResult
func execute(_ sql: String, _ path: String, column: Int = 0) throws -> [String] {
    let script = """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1])
        found = []
        for s in sys.argv[2].split(';'):
            found = c.execute(s).fetchall()
        c.commit()
        print('\\n'.join(str(row[\(column)]) for row in found), end='')
        """
    return try Execution.require(["python3", "-c", script, path, sql]).text.split(separator: "\n").map(String.init)
}

/// So many seconds after a beginning that is the same for all tests.
func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + seconds) }
