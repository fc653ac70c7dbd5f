// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// What the user names by a path, or `-` for standard input.
enum InputFile {
    private static let limit = 1 << 20

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Its text in UTF-8, or in UTF-16 with a mark.
    ///
    /// - Throws: `fileUnusable`.
    static func read(_ path: String) throws -> String { String(recoding: try readBytes(path)) }

    /// - Throws: `fileUnusable`.
    static func readBytes(_ path: String) throws -> [UInt8] {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' is longer than 1 MiB")
    }

    private static func failure(_ path: String) -> LatchkeyError {
        LatchkeyError(
            .fileUnusable,
            "'\(path.terminalSafe)' cannot be read: \(String(cString: strerror(errno)).lowercased())"
        )
    }
}
