// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// That one agent at a time uses a state folder. The system takes it away with the process, however that ends.
struct StateFolderLock: ~Copyable, Sendable {
    private let lock: FolderLock

    /// - Throws: `configurationInvalid` if another process has it.
    init(_ folder: String) throws {
        let lock = FolderLock(folder)
        // Where the file system has no locks, the relay still tells two agents apart.
        guard lock.tryTake(LOCK_EX) else {
            throw LatchkeyError(
                .configurationInvalid,
                "another agent runs with the state folder '\(folder.terminalSafe)'",
                hint: "one is enough for a machine; systemctl status latchkey-agent shows a service's"
            )
        }
        self.lock = lock
    }
}
