// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Where the master key lies: 32 bytes, nothing else.
struct MasterKeyFile {
    let path: String

    /// - Throws: `fileUnusable`, `storageFull`.
    func readOrMake() throws(LatchkeyError) -> Secret {
        if let key = try read() { return key }
        try make()
        // Of several processes that got here, one gave its file the name; all take the key that is in it.
        guard let key = try read() else { throw failure("read", SystemError(ENOENT)) }
        return key
    }

    /// - Returns: nil if there is no file.
    private func read() throws(LatchkeyError) -> Secret? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw refusal("is not a plain file", "put it away") }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw refusal("belongs to another user", "run as its owner, or move it away")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw refusal("can be used by others", "if no one has read it: chmod 600 '\(path.terminalSafe)'")
        }
        var key = Secret(capacity: MasterKey.length)
        do { try Descriptor.readAll(descriptor, into: &key) } catch { throw failure("read", error) }
        guard key.count == MasterKey.length else {
            throw refusal("does not have \(MasterKey.length) bytes", "restore it from a backup")
        }
        return key
    }

    private func make() throws(LatchkeyError) {
        var key = Secret(capacity: MasterKey.length)
        _ = key.fill { room in Random.fill(UnsafeMutableRawBufferPointer(rebasing: room[..<MasterKey.length])) }
        let number = key.withBytes { StateFile.place(path, $0, replacing: false) }
        guard number == 0 || number == EEXIST else { throw failure("write", SystemError(number)) }
    }

    private func failure(_ verb: String, _ error: SystemError = .last) -> LatchkeyError {
        LatchkeyError(
            error.isFull ? .storageFull : .fileUnusable,
            "cannot \(verb) the master key '\(path.terminalSafe)': \(error.message)",
            hint: error.isFull
                ? "nothing was written; free some space and try again" : "see to its folder and who may use it"
        )
    }

    private func refusal(_ message: String, _ hint: String) -> LatchkeyError {
        LatchkeyError(.fileUnusable, "the master key '\(path.terminalSafe)' \(message)", hint: hint)
    }
}
