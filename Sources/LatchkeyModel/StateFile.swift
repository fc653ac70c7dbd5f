// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Small files that a program keeps its state in: the owner's alone from their first byte on, and there whole or not at all.
package enum StateFile {
    /// Makes a folder for the owner alone, and those above it.
    ///
    /// - Throws: `fileUnusable`, `storageFull`.
    package static func makeFolder(_ path: String) throws(LatchkeyError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeFolder(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw failure("the folder '\(path.terminalSafe)' cannot be made")
    }

    /// - Returns: nil if there is no such file.
    /// - Throws: `fileUnusable` if it cannot be read, or has more than a MiB.
    package static func read(_ path: String) throws(LatchkeyError) -> [UInt8]? {
        guard let descriptor = try openForReading(path) else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("'\(path.terminalSafe)' cannot be read") }
            if count == 0 { return content }
            content += chunk[..<count]
            guard content.count <= 1 << 20 else {
                throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' is too long for what it should be")
            }
        }
    }

    /// The content of a file that nobody else may read.
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
                hint: "if nobody did: chmod 600 '\(path.terminalSafe)'"
            )
        }
        var secret = Secret(capacity: 64 * 1024)
        while true {
            let count = secret.fill { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("'\(path.terminalSafe)' cannot be read") }
            if count == 0 { return secret }
        }
    }

    package static func write(_ path: String, _ content: [UInt8]) throws(LatchkeyError) {
        try replace(path) { descriptor in content.withUnsafeBytes { writeAll(descriptor, $0) } }
    }

    package static func write(_ path: String, secret: borrowing Secret) throws(LatchkeyError) {
        let descriptor = try begin(path)
        let isWritten = secret.withBytes { writeAll(descriptor, $0) }
        try finish(path, descriptor, isWritten)
    }

    private static func replace(_ path: String, _ body: (Int32) -> Bool) throws(LatchkeyError) {
        let descriptor = try begin(path)
        let isWritten = body(descriptor)
        try finish(path, descriptor, isWritten)
    }

    private static func temporary(_ path: String) -> String { "\(path).\(getpid()).new" }

    private static func begin(_ path: String) throws(LatchkeyError) -> Int32 {
        unlink(temporary(path))
        let descriptor = open(temporary(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("'\(path.terminalSafe)' cannot be written") }
        return descriptor
    }

    private static func finish(_ path: String, _ descriptor: Int32, _ isWritten: Bool) throws(LatchkeyError) {
        let isSafe = isWritten && fsync(descriptor) == 0
        let number = errno
        close(descriptor)
        if isSafe && rename(temporary(path), path) == 0 { return }
        let reason = isSafe ? errno : number
        unlink(temporary(path))
        errno = reason
        throw failure("'\(path.terminalSafe)' cannot be written")
    }

    private static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    private static func openForReading(_ path: String) throws(LatchkeyError) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { return nil }
        throw failure("'\(path.terminalSafe)' cannot be read")
    }

    private static func failure(_ what: String) -> LatchkeyError {
        LatchkeyError(
            errno == ENOSPC ? .storageFull : .fileUnusable,
            "\(what): \(String(cString: strerror(errno)).lowercased())"
        )
    }
}
