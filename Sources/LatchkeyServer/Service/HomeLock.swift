// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySystem

/// That one latchkeyd at a time serves a home. The system takes the lock away with the process, however that ends; its file
/// stays, and says who had it last.
struct HomeLock: ~Copyable, Sendable {
    private let descriptor: Int32

    /// - Throws: `configurationInvalid` if another process serves the home; `fileUnusable`.
    init(_ folders: StateFolders) throws(LatchkeyError) {
        try StateFile.makeFolder(folders.data)
        let path = folders.serverLockPath
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            throw LatchkeyError(
                .fileUnusable,
                "'\(path.terminalSafe)' cannot be opened: \(SystemError.last.message)"
            )
        }
        // Where the file system has no locks, the port still keeps two of one address apart.
        if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            let message = HomeLock.note(in: opened)
            close(opened)
            throw LatchkeyError(
                .configurationInvalid,
                "another latchkeyd serves the home '\(folders.data.terminalSafe)'\(message.isEmpty ? "" : ": \(message)")",
                hint: "stop that one first, or give this one a home of its own with LATCHKEY_HOME"
            )
        }
        descriptor = opened
        note("")
    }

    /// What the one who has the lock has written.
    private static func note(in descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
        return String(terminalSafe: bytes[..<count].prefix { $0 != 0x0A })
    }

    /// Writes down for others who has the lock, and where it listens.
    func note(_ addresses: String) {
        let text = "process \(getpid())\(addresses.isEmpty ? "" : ", at \(addresses)")\n"
        // For a message only: the lock holds without it.
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit { close(descriptor) }
}
