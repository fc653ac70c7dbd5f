// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeySystem

/// The few ways in which the agent looks at files of the system.
enum SystemFile {
    /// The first `limit` bytes of a regular file, or nil if it cannot be read. Never waits, whatever the path leads to.
    static func read(_ path: String, limit: Int = 1 << 16) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return (try? Descriptor.readAll(descriptor, limit: limit)).map { Array($0.prefix(limit)) }
    }

    /// As ``read(_:limit:)``, as lines of text without the spaces at their ends.
    static func lines(_ path: String, limit: Int = 1 << 16) -> [String] {
        guard let bytes = read(path, limit: limit) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map {
                String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
            }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Runs `body` while no other thread or process holds the lock on the file, which is made if it is missing.
    ///
    /// - Throws: what `failed` makes of the error number if the lock cannot be had; else what `body` throws.
    static func locked<Value, Failure: Error>(
        _ path: String,
        failed: (Int32) -> Failure,
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed(errno) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failed(errno) }
        }
        return try body()
    }
}
