// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyStore
internal import LatchkeySystem

/// The embedded control plane in one SQLite file: instances and key pairs, and for the server access keys, activations,
/// agents and sessions. Several processes may use it at once.
///
/// Every function throws `LatchkeyError`: `storeBusy`, `storeUnavailable`, `storeDamaged`, `storeNewer`, `storageFull`, and what its
/// own words say.
package final class SQLiteStore: Sendable {
    /// Milliseconds that a thread waits for its turn to write, in a program that does one thing and in a server.
    private static let busyTimeout: Int64 = 10_000
    static let serverBusyTimeout = WriteDeadline.timeout

    /// The connection that writes, and reads where there are no others for that.
    let database: DatabaseQueue
    private let readers: SQLiteReaders?
    private let turn: WriteTurn?
    private let path: String

    /// Opens the store, making it or bringing it up to this version first.
    ///
    /// - Parameters:
    ///   - path: the database's file; its folder exists.
    ///   - isForServer: whether many threads use it at once: reads then wait for no write, be it this process's or another's,
    ///     and a write for five seconds at the most, until it fails with `storeBusy`.
    package init(path: String, isForServer: Bool = false) throws {
        self.path = path
        readers = isForServer ? SQLiteReaders { try SQLiteStore.open(path, .timeout(1)) } : nil
        let turn = isForServer ? WriteTurn() : nil
        self.turn = turn
        let busyMode: Database.BusyMode =
            if let turn { .callback { turn.waits(tries: $0) } } else {
                .timeout(Double(SQLiteStore.busyTimeout) / 1000)
            }
        database = try SQLiteStore.translating(
            path,
            turn == nil ? SQLiteStore.busyTimeout : SQLiteStore.serverBusyTimeout
        ) {
            // SQLite switches to WAL, and GRDB migrates, without waiting for another process that does the same.
            let lock = FolderLock(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".")
            lock.take(access(path, F_OK) == 0 ? LOCK_SH : LOCK_EX)
            // Those beside it are SQLite's, which opens them by name, links included.
            for file in [path, "\(path)-wal", "\(path)-shm", "\(path)-journal"] { try StateFile.checkFile(file) }
            // It says who may enter which machine, so it is private from the first byte on. SQLite gives the files
            // beside it the same mode; a umask would be the whole process's.
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 { close(descriptor) }
            var queue = try SQLiteStore.open(path, busyMode)
            let migrator = Migrations.all
            if try queue.read(migrator.hasBeenSuperseded) { throw SQLiteStore.newer(path) }
            if try !queue.read(migrator.hasCompletedMigrations) {
                lock.take(LOCK_EX)
                queue = try SQLiteStore.open(path, busyMode)
                try migrator.migrate(queue)
            }
            return queue
        }
    }

    /// One in memory with nothing in it, which is gone with its owner.
    package init() throws {
        path = "in memory"
        (readers, turn) = (nil, nil)
        database = try SQLiteStore.translating(path, SQLiteStore.busyTimeout) {
            let queue = try DatabaseQueue()
            try Migrations.all.migrate(queue)
            return queue
        }
    }

    /// A copy in memory of one that cannot be written, or not where it is: SQLite needs to write beside it even to read.
    ///
    /// - Parameter path: the database's file.
    package init(copyOf path: String) throws {
        self.path = path
        (readers, turn) = (nil, nil)
        database = try SQLiteStore.translating(path, SQLiteStore.busyTimeout) {
            try StateFile.checkFile(path)
            let folder = "\(Environment.value("TMPDIR") ?? "/tmp")/\(Identifier.make(prefix: "latchkey-"))"
            // One of that name which is there already, be it a link, is not used.
            guard mkdir(folder, 0o700) == 0 else { throw SQLiteStore.unusable(path, errno) }
            let copy = "\(folder)/latchkey.db"
            defer {
                for ending in ["", "-wal", "-shm"] { unlink(copy + ending) }
                rmdir(folder)
            }
            for ending in ["", "-wal"] where access(path + ending, F_OK) == 0 {
                try SQLiteStore.copy(path + ending, to: copy + ending)
            }
            let queue = try DatabaseQueue()
            let source = try SQLiteStore.open(copy, .immediateError)
            try source.backup(to: queue)
            try source.close()
            let migrator = Migrations.all
            if try queue.read(migrator.hasBeenSuperseded) { throw SQLiteStore.newer(path) }
            try migrator.migrate(queue)
            return queue
        }
    }

    private static func copy(_ path: String, to copy: String) throws {
        let (source, target) = (
            Glibc.open(path, O_RDONLY | O_CLOEXEC), Glibc.open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        )
        defer { for descriptor in [source, target] where descriptor >= 0 { close(descriptor) } }
        guard source >= 0, target >= 0 else { throw unusable(path, errno) }
        while true {
            let count = sendfile(target, source, nil, 1 << 20)
            if count == 0 { return }
            guard count > 0 else { throw unusable(path, errno) }
        }
    }

    private static func unusable(_ path: String, _ number: Int32) -> LatchkeyError {
        LatchkeyError(
            .storeUnavailable,
            "the database '\(path.terminalSafe)' cannot be read: \(SystemError(number).message)",
            hint: "check that its folder is yours"
        )
    }

    private static func open(_ path: String, _ busyMode: Database.BusyMode) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = busyMode
        configuration.label = "latchkey"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// A connection that never waits for a lock: `SQLITE_BUSY` comes at once.
    func impatientConnection() throws -> DatabaseQueue { try SQLiteStore.open(path, .immediateError) }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try translating { try reading { try $0.read(body) } }
    }

    /// The first row of one statement, which by itself sees one state of the database: without a transaction around it,
    /// and with its plan kept, for what every request asks.
    func row<Value>(_ sql: String, _ arguments: StatementArguments, _ body: (Row) throws -> Value) throws -> Value? {
        try translating {
            try reading { queue in
                try queue.unsafeRead { database in
                    try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: arguments).map(body)
                }
            }
        }
    }

    private func reading<Value>(_ body: (DatabaseQueue) throws -> Value) throws -> Value {
        guard let readers else { return try body(database) }
        return try readers.with(body)
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let turn else { return try translating { try database.write(body) } }
        let deadline = WriteDeadline.current ?? SystemClock.milliseconds() + SQLiteStore.serverBusyTimeout
        let result = try turn.take(until: deadline) { try translating { try database.write(body) } }
        guard let result else { throw SQLiteStore.busy(path, SQLiteStore.serverBusyTimeout) }
        return result
    }

    /// Runs `body` with SQLite's errors in the words of the one who asked.
    func translating<Value>(_ body: () throws -> Value) throws -> Value {
        try SQLiteStore.translating(path, turn == nil ? SQLiteStore.busyTimeout : SQLiteStore.serverBusyTimeout, body)
    }

    private static func busy(_ path: String, _ busyTimeout: Int64, cause: String? = nil) -> LatchkeyError {
        LatchkeyError(
            .storeBusy,
            "the database '\(path.terminalSafe)' was kept busy for \(busyTimeout / 1000) seconds",
            hint: "another process may be writing to it; try again",
            cause: cause
        )
    }

    private static func newer(_ path: String) -> LatchkeyError {
        LatchkeyError(
            .storeNewer,
            "the database '\(path.terminalSafe)' was written by a newer Latchkey",
            hint: "update this one; an older version cannot read it safely"
        )
    }

    /// On a full disk SQLite may also speak of an I/O error, for want of room for its shared memory.
    private static func isDiskFull(_ path: String) -> Bool {
        var status = statvfs()
        return statvfs(path, &status) == 0 && status.f_bavail == 0
    }

    /// SQLite's errors in the words of the one who asked.
    private static func translating<Value>(
        _ path: String,
        _ busyTimeout: Int64,
        _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            let name = "'\(path.terminalSafe)'"
            let cause = error.description.terminalSafe
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                throw LatchkeyError(
                    .storeDamaged,
                    "the database \(name) is damaged",
                    hint:
                        "put a copy of it back, or move it away and add the instances anew; keys are not touched by this",
                    cause: cause
                )
            case _ where error.resultCode == .SQLITE_FULL || isDiskFull(path):
                throw LatchkeyError(
                    .storageFull,
                    "the disk that holds the database \(name) is full",
                    hint: "nothing was changed; free some space and try again",
                    cause: cause
                )
            case .SQLITE_BUSY, .SQLITE_LOCKED: throw busy(path, busyTimeout, cause: cause)
            default:
                throw LatchkeyError(
                    .storeUnavailable,
                    "the database \(name) cannot be used: \((error.message ?? "no reason given").terminalSafe)",
                    hint: "check that its folder exists, is yours and can be written",
                    cause: cause
                )
            }
        }
    }
}
