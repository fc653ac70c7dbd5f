// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel

/// Who else could change a program's state: decided as ssh and sshd's StrictModes decide it.
extension StateFile {
    /// Checks that only this user and root can change what is in a folder, or put another one in its place. One that is
    /// not there is fine.
    ///
    /// - Throws: `fileUnusable`, with what mends it.
    package static func checkFolder(_ path: String) throws(LatchkeyError) {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return }
        guard let real = resolved(path) else { throw failure("the folder '\(path.terminalSafe)' cannot be used") }
        // The links on the way are as good as what they lead to.
        let written = path.hasPrefix("/") ? path : "\(resolved(".") ?? "")/\(path)"
        for place in ancestors(of: written) {
            let status = try status(of: place, following: false)
            guard status.st_mode & S_IFMT == S_IFLNK else { continue }
            try checkOwner(of: "the link", place, status)
        }
        for place in Set(ancestors(of: written).compactMap { resolved($0) }.flatMap(ancestors)).sorted() {
            let status = try status(of: place, following: true)
            // A sticky folder such as /tmp: all users may add files, but not rename those of others.
            let isShared = place != real && status.st_mode & S_ISVTX != 0
            try checkOwner(of: "the folder", place, status)
            if !isShared { try checkWriters(of: "the folder", place, status) }
        }
    }

    /// Checks that a file, if it is there, is one of this user's or root's own, that no other user can write to, and no link
    /// to another.
    ///
    /// - Throws: `fileUnusable`, with what mends it.
    package static func checkFile(_ path: String) throws(LatchkeyError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("'\(path.terminalSafe)' cannot be used")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            throw LatchkeyError(
                .fileUnusable,
                "'\(path.terminalSafe)' is \(isLink ? "a link" : "no plain file")",
                hint: isLink
                    ? "put the file itself there; LATCHKEY_HOME names another folder" : "put it away; it is made anew"
            )
        }
        try checkOwner(of: "the file", path, status)
        try checkWriters(of: "the file", path, status)
    }

    /// The same for a file that is open, by whatever path.
    static func checkFile(_ path: String, _ descriptor: Int32) throws(LatchkeyError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("'\(path.terminalSafe)' cannot be used") }
        try checkOwner(of: "the file", path, status)
        try checkWriters(of: "the file", path, status)
    }

    private static func checkOwner(of what: String, _ path: String, _ status: stat) throws(LatchkeyError) {
        guard status.st_uid != geteuid(), status.st_uid != 0, !isForeign(status.st_uid) else { return }
        throw LatchkeyError(
            .fileUnusable,
            "\(what) '\(path.terminalSafe)' belongs to another user (\(name(of: status.st_uid))), who could change what it says",
            hint:
                "run as that user, or change its owner: chown \(name(of: geteuid())) \(RemoteCommand.quoted(path).terminalSafe)"
        )
    }

    private static func checkWriters(of what: String, _ path: String, _ status: stat) throws(LatchkeyError) {
        let writers = status.st_mode & 0o022
        guard writers != 0, writers != 0o020 || !isPrivate(group: status.st_gid, of: status.st_uid) else { return }
        throw LatchkeyError(
            .fileUnusable,
            "\(what) '\(path.terminalSafe)' can be changed by others",
            hint: "if no one did: chmod go-w \(RemoteCommand.quoted(path).terminalSafe)"
        )
    }

    private static func status(of path: String, following: Bool) throws(LatchkeyError) -> stat {
        var status = stat()
        guard (following ? stat(path, &status) : lstat(path, &status)) == 0 else {
            throw failure("'\(path.terminalSafe)' cannot be used")
        }
        return status
    }

    /// A path and all folders above it, the root first.
    private static func ancestors(of path: String) -> [String] {
        let places = path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") && $0 > path.startIndex }
        return ["/"] + places.map { String(path[..<$0]) } + (path.hasSuffix("/") ? [] : [path])
    }

    /// - Returns: nil if it is not there.
    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    // MARK: Users

    private static func name(of user: uid_t) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return String(user) }
        return String(cString: name).terminalSafe
    }

    /// Whether a group is that of its one user, which many systems make for each, with a umask that lets it write.
    private static func isPrivate(group: gid_t, of user: uid_t) -> Bool {
        guard let entry = getgrgid(group), let groupName = entry.pointee.gr_name else { return false }
        let name = name(of: user)
        guard String(cString: groupName) == name else { return false }
        var member = entry.pointee.gr_mem
        while let text = member?.pointee {
            if String(cString: text) != name { return false }
            member = member?.advanced(by: 1)
        }
        return true
    }

    /// Whether an owner is of outside the user namespace that this process is in (user_namespaces(7)), where root's folders are
    /// seen as belonging to a number that is no user's here.
    private static func isForeign(_ user: uid_t) -> Bool {
        guard number("/proc/sys/kernel/overflowuid") == [Int(user)] else { return false }
        let ranges = number("/proc/self/uid_map")
        return !ranges.isEmpty
            && stride(from: 0, to: ranges.count - 2, by: 3)
                .allSatisfy { !(ranges[$0]..<ranges[$0] + ranges[$0 + 2]).contains(Int(user)) }
    }

    private static func number(_ path: String) -> [Int] {
        let content = (try? read(path)) ?? []
        return String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    }
}
