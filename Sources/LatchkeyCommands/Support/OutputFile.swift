// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal

/// A file that the user wants text in.
enum OutputFile {
    /// Writes a new file, whole or not at all; one that exists is left alone.
    ///
    /// - Throws: `fileUnusable`, `storageFull`.
    static func create(_ path: String, _ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        let number = Descriptor.writeAll(descriptor, text.utf8)
        guard number == 0 else {
            unlink(path)
            throw failure(path, number)
        }
    }

    private static func failure(_ path: String, _ number: Int32) -> LatchkeyError {
        LatchkeyError(
            number == ENOSPC ? .storageFull : .fileUnusable,
            "cannot write '\(path.terminalSafe)': \(SystemError(number).message)",
            hint: number == EEXIST ? "choose another name" : nil
        )
    }
}
