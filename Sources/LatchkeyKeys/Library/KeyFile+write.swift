// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
package import LatchkeySystem

extension KeyFile {
    /// Writes a private key, readable by the owner alone, whole or not at all; a file that exists is left alone.
    ///
    /// - Parameter existing: what else to do if the file exists already, for the hint.
    /// - Throws: `keyExists`, `storageFull`, `fileUnusable`.
    package static func write(_ text: borrowing Secret, to file: String, existing: String? = nil) throws {
        // Written beside, synced, then given its name without replacing anything: `link` fails where the name is taken.
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? "./"
        let draft = "\(folder).\(Identifier.make(prefix: "new-"))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(file, errno) }
        defer { unlink(draft) }
        let number = text.withBytes { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return count == 0 ? ENOSPC : errno }
                done += count
            }
            return fsync(descriptor) == 0 ? 0 : errno
        }
        close(descriptor)
        guard number == 0 else { throw failure(file, number) }
        guard link(draft, file) == 0 else {
            guard errno == EEXIST else { throw failure(file, errno) }
            throw LatchkeyError(
                .keyExists,
                "the file '\(file.terminalSafe)' exists already",
                hint: "choose another name" + (existing.map { ", or \($0)" } ?? "")
            )
        }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private static func failure(_ file: String, _ number: Int32) -> LatchkeyError {
        LatchkeyError(
            number == ENOSPC || number == EDQUOT ? .storageFull : .fileUnusable,
            "the private key cannot be written to '\(file.terminalSafe)': \(SystemError(number).message)",
            hint: number == ENOSPC ? "nothing was written; free some space and try again" : nil
        )
    }
}
