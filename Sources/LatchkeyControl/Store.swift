// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import Glibc
internal import LatchkeyModel

/// The embedded control plane in one SQLite file: instances and key pairs, and for the server access keys, activations,
/// agents and sessions. Several processes may use it at once.
///
/// Every function throws `LatchkeyError`: `storeUnavailable`, `storeDamaged`, `storeNewer`, `storageFull`, and what its
/// own words say.
package final class Store: Sendable {
    let database: DatabaseQueue
    private let path: String

    /// Opens the store, making it or bringing it up to this version first.
    ///
    /// - Parameter path: the database's file; its folder exists.
    package init(path: String) throws {
        self.path = path
        database = try Store.translating(path) {
            // SQLite switches to WAL, and GRDB migrates, without waiting for another process that does the same.
            let lock = FolderLock(of: path)
            lock.take(access(path, F_OK) == 0 ? LOCK_SH : LOCK_EX)
            // Those beside it are SQLite's, which opens them by name, links included.
            for file in [path, "\(path)-wal", "\(path)-shm", "\(path)-journal"] { try StateFile.checkFile(file) }
            // It says who may enter which machine: nobody else's business, from the first byte on. SQLite gives the files
            // beside it the same mode; a umask would be the whole process's.
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 { close(descriptor) }
            var queue = try Store.open(path)
            let migrator = Migrations.all
            if try queue.read(migrator.hasBeenSuperseded) { throw Store.newer(path) }
            if try !queue.read(migrator.hasCompletedMigrations) {
                lock.take(LOCK_EX)
                queue = try Store.open(path)
                try migrator.migrate(queue)
            }
            return queue
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "latchkey"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Store.translating(path) { try database.read(body) }
    }

    /// The first row of one statement, which by itself sees one state of the database: without a transaction around it,
    /// and with its plan kept, for what every request asks.
    func row<Value>(_ sql: String, _ arguments: StatementArguments, _ body: (Row) throws -> Value) throws -> Value? {
        try Store.translating(path) {
            try database.unsafeRead { database in
                try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: arguments).map(body)
            }
        }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Store.translating(path) { try database.write(body) }
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
    private static func translating<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
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
                    hint: "nothing was changed; make room and try again",
                    cause: cause
                )
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                throw LatchkeyError(
                    .storeUnavailable,
                    "another process has kept the database \(name) busy for ten seconds",
                    hint: "try again",
                    cause: cause
                )
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

/// A lock among processes on the folder that a file is in, given back with its owner.
private struct FolderLock: ~Copyable {
    private let descriptor: Int32

    init(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Waits for the lock. Where the file system has none, SQLite's own locks have to do.
    func take(_ kind: Int32) {
        while flock(descriptor, kind) != 0 && errno == EINTR {}
    }

    deinit { close(descriptor) }
}
