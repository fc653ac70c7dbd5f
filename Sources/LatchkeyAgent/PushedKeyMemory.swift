// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// Where ``LastPushedKeys`` of a user are kept between two logins: a file in the agent's folder, which is its owner's alone.
struct PushedKeyMemory {
    private let folder: String
    private let path: String

    /// - Parameter user: any name; it becomes no part of a path.
    init(user: String, stateFolder: String) {
        folder = "\(stateFolder)/pushed-keys"
        let name = Digest.sha256(Array(user.utf8))
            .map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        path = "\(folder)/\(name.joined()).json"
    }

    /// What is kept; what cannot be understood counts for nothing.
    ///
    /// - Throws: `fileUnusable`.
    func read() throws(LatchkeyError) -> LastPushedKeys {
        guard let content = try StateFile.read(path) else { return .none }
        return (try? JSONDecoder().decode(LastPushedKeys.self, from: Data(content))) ?? .none
    }

    /// - Throws: `fileUnusable`, `storageFull`.
    func write(_ keys: LastPushedKeys) throws(LatchkeyError) {
        guard keys != .none else {
            if unlink(path) == 0 || errno == ENOENT { return }
            throw LatchkeyError(
                .fileUnusable,
                "'\(path.terminalSafe)' cannot be removed: \(SystemError.last.message)"
            )
        }
        try StateFile.makeFolder(folder)
        try StateFile.write(path, json: keys)
    }
}
