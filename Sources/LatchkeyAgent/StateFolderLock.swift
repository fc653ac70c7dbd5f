// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// That one agent at a time uses a state folder. The system takes it away with the process, however that ends.
struct StateFolderLock: ~Copyable, Sendable {
    private let descriptor: Int32

    /// - Throws: `configurationInvalid` if another process has it.
    init(_ folder: String) throws {
        // Not kept at once: what is complete when it throws would be closed twice.
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Where the file system has no locks, the relay still tells two agents apart.
        guard flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else {
            descriptor = opened
            return
        }
        close(opened)
        throw LatchkeyError(
            .configurationInvalid,
            "another agent runs with the state folder '\(folder.terminalSafe)'",
            hint: "one is enough for a machine; systemctl status latchkey-agent shows a service's"
        )
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
