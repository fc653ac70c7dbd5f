// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel

/// Small files that a program keeps its state in: the owner's alone from their first byte on, and there whole or not at all.
package enum StateFile {
    /// Bytes: no file of state has more.
    package static let limit = 1 << 20

    /// Makes a folder for the owner alone, and those above it. One that is there is used only if no other user can change
    /// what is in it.
    ///
    /// - Throws: `fileUnusable`, `storageFull`.
    package static func makeFolder(_ path: String) throws(LatchkeyError) {
        try make(path)
        try checkFolder(path)
    }

    private static func make(_ path: String) throws(LatchkeyError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw failure("the folder '\(path.terminalSafe)' cannot be made")
    }

    /// - Parameter limit: bytes; a MiB, unless the file is no state but something that is longer.
    /// - Returns: nil if there is no such file.
    /// - Throws: `fileUnusable` if it cannot be read, or has more than the limit.
    package static func read(_ path: String, limit: Int = limit) throws(LatchkeyError) -> [UInt8]? {
        guard let descriptor = try openForReading(path) else { return nil }
        defer { close(descriptor) }
        return try read(descriptor, path, limit: limit)
    }

    /// The content of a file of this user's own: the programs do what it says.
    ///
    /// - Returns: nil if there is no such file.
    /// - Throws: `fileUnusable` if it cannot be read, has more than a MiB, or others can change it.
    package static func readOwn(_ path: String) throws(LatchkeyError) -> [UInt8]? {
        guard let descriptor = try openForReading(path) else { return nil }
        defer { close(descriptor) }
        try checkFile(path, descriptor)
        return try read(descriptor, path, limit: limit)
    }

    private static func read(_ descriptor: Int32, _ path: String, limit: Int) throws(LatchkeyError) -> [UInt8] {
        let content: [UInt8]
        do { content = try Descriptor.readAll(descriptor, limit: limit) } catch {
            throw failure("'\(path.terminalSafe)' cannot be read", error)
        }
        guard content.count <= limit else { throw tooLong(path) }
        return content
    }

    private static func tooLong(_ path: String) -> LatchkeyError {
        LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' is too long for what it should be")
    }

    /// The content of a file that no other user may read.
    ///
    /// - Throws: `fileUnusable` if others can read it, or it is not there.
    package static func readSecret(_ path: String) throws(LatchkeyError) -> Secret {
        guard let descriptor = try openForReading(path) else {
            throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' is not there")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw LatchkeyError(
                .fileUnusable,
                "'\(path.terminalSafe)' can be read by others",
                hint: "if no one did: chmod 600 '\(path.terminalSafe)'"
            )
        }
        var secret = Secret(capacity: 64 * 1024)
        do { try Descriptor.readAll(descriptor, into: &secret) } catch {
            throw failure("'\(path.terminalSafe)' cannot be read", error)
        }
        guard secret.count < secret.capacity else { throw tooLong(path) }
        return secret
    }

    /// Writes a file, in the place of an older one.
    package static func write(_ path: String, _ content: [UInt8]) throws(LatchkeyError) {
        try check(path, content.withUnsafeBytes { place(path, $0, replacing: true) })
    }

    package static func write(_ path: String, secret: borrowing Secret) throws(LatchkeyError) {
        try check(path, secret.withBytes { place(path, $0, replacing: true) })
    }

    private static func check(_ path: String, _ number: Int32) throws(LatchkeyError) {
        if number != 0 { throw failure("'\(path.terminalSafe)' cannot be written", SystemError(number)) }
    }

    /// Makes a file that is complete, and has exactly its mode, from the moment it has its name. Before that it is the owner's
    /// alone; afterwards the mode is never changed, since until then another one would hold (CVE-2022-29527).
    ///
    /// - Parameter replacing: whether one that is there already gives way; else it stays as it is.
    /// - Returns: 0, or the error number; EEXIST if there was one that stays.
    package static func place(
        _ path: String,
        mode: UInt32 = 0o600,
        _ content: UnsafeRawBufferPointer,
        replacing: Bool
    ) -> Int32 {
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let folder = name == path.startIndex ? "." : String(path[..<name])
        // Those who read all files of a folder, sudo and run-parts for two, pass over names that begin with a dot.
        let draft = "\(folder)/.\(path[name...]).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno }
        defer {
            close(descriptor)
            unlink(draft)
        }
        // Not by open, which takes away what the umask says, and that is the whole process's.
        let number = Descriptor.writeAll(descriptor, content)
        guard number == 0 else { return number }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { return errno }
        // Unlike rename, link does not replace what is there.
        guard (replacing ? rename(draft, path) : link(draft, path)) == 0 else { return errno }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return errno }
        defer { close(directory) }
        return fsync(directory) == 0 ? 0 : errno
    }

    /// The same with text, which never replaces anything.
    package static func create(_ path: String, mode: UInt32 = 0o600, _ text: String) -> Int32 {
        Array(text.utf8).withUnsafeBytes { place(path, mode: mode, $0, replacing: false) }
    }

    private static func openForReading(_ path: String) throws(LatchkeyError) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { return nil }
        throw failure("'\(path.terminalSafe)' cannot be read")
    }

    static func failure(_ what: String, _ error: SystemError = .last) -> LatchkeyError {
        LatchkeyError(error.isFull ? .storageFull : .fileUnusable, "\(what): \(error.message)")
    }
}
