// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import Synchronization

/// Connections that only read, beside the one that writes: in WAL mode each sees the last state that was committed, and
/// waits for no write. They are opened as they are needed.
///
/// GRDB's own pool would write to the database when it is opened, which a full disk or a lock must not keep a server from.
final class SQLiteReaders: Sendable {
    /// As many as there are threads that read at once.
    private static let limit = 6

    private struct Connections {
        var idle: [DatabaseQueue] = []
        var all: [DatabaseQueue] = []
        var turn = 0
    }

    private enum Choice {
        case idle(DatabaseQueue)
        case shared(DatabaseQueue)
        case new
    }

    private let connections = Mutex(Connections())
    private let open: @Sendable () throws -> DatabaseQueue

    init(open: @escaping @Sendable () throws -> DatabaseQueue) { self.open = open }

    /// Runs `body` with an idle connection; if there is none and no more are opened, with one that is in use, after its turn.
    func with<Value>(_ body: (DatabaseQueue) throws -> Value) throws -> Value {
        let choice = connections.withLock { connections -> Choice in
            if let queue = connections.idle.popLast() { return .idle(queue) }
            guard connections.all.count >= SQLiteReaders.limit else { return .new }
            connections.turn += 1
            return .shared(connections.all[connections.turn % connections.all.count])
        }
        let queue: DatabaseQueue
        switch choice {
        case .shared(let queue): return try body(queue)
        case .idle(let idle): queue = idle
        case .new:
            queue = try open()
            connections.withLock { $0.all.append(queue) }
        }
        defer { connections.withLock { $0.idle.append(queue) } }
        return try body(queue)
    }
}
