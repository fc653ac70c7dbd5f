// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A file system of a few MiB, which can be filled up.
package struct SmallDisk {
    private let path: String

    /// Whether this process may mount file systems.
    package static let canBeMade: Bool = {
        guard geteuid() == 0, let folder = try? Scratch.makeFolder("mount") else { return false }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return (try? with(at: folder, mebibytes: 1) { _ in true }) ?? false
    }()

    /// Runs `body` with one at a folder, which is made, and takes it away whatever happens.
    package static func with<Value>(at path: String, mebibytes: Int, _ body: (SmallDisk) throws -> Value) throws
        -> Value
    {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Execution.require(["mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0700", "latchkey-test", path])
        // Lazily: a program that does not end must not keep the test from ending.
        defer { _ = try? Execution.run(["umount", "--lazy", path]) }
        return try body(SmallDisk(path: path))
    }

    /// Takes all the room that is left.
    package func fill() throws {
        let descriptor = open("\(path)/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        for size in [65_536, 4096, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
        guard errno == ENOSPC else { throw HarnessError("cannot fill '\(path)': \(String(cString: strerror(errno)))") }
    }
}
