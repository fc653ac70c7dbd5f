// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A lock among processes on a folder, given back with its owner.
package struct FolderLock: ~Copyable, Sendable {
    private let descriptor: Int32

    package init(_ folder: String) {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Waits for the lock, which takes the place of the one it has. Where the file system has no locks, or there is no such
    /// folder, there is none.
    ///
    /// - Parameter kind: `LOCK_EX`, `LOCK_SH`, or `LOCK_UN` for none.
    package func take(_ kind: Int32) {
        while flock(descriptor, kind) != 0 && errno == EINTR {}
    }

    /// Takes the lock unless another process has it.
    ///
    /// - Returns: false if one has.
    package func tryTake(_ kind: Int32) -> Bool {
        flock(descriptor, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
