// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

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
        do throws(SystemError) {
            guard descriptor >= 0 else { throw .last }
            defer { close(descriptor) }
            let bytes = try Descriptor.readAll(descriptor, limit: limit)
            if bytes.count <= limit { return bytes }
        } catch {
            throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' cannot be read: \(error.message)")
        }
        throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' is longer than 1 MiB")
    }
}
