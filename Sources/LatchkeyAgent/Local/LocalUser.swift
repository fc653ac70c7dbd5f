// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// A user of this machine, as the system's user database knows them.
package struct LocalUser: Equatable, Sendable {
    package let name: String
    /// The user id.
    package let identifier: UInt32
    /// The primary group's id.
    package let group: UInt32
    package let home: String
    /// The login shell as it is registered; empty means `/bin/sh` (passwd(5)).
    package let shell: String
    /// The ids of all groups, the primary one included.
    package let groups: [UInt32]

    /// Looks a user up by name.
    package static func named(_ name: String) throws(LocalUserError) -> LocalUser {
        guard (try? Names.user(name)) != nil else { throw .nameInvalid(name) }
        guard let user = try find(name, { getpwnam_r(name, $0, $1, $2, $3) }) else { throw .unknown(name) }
        return user
    }

    /// The user that runs this process. Where the database does not know it, as in some containers, the name is the number
    /// and the home folder is `/`.
    package static var current: LocalUser {
        let identifier = geteuid()
        let known = try? find(String(identifier)) { getpwuid_r(identifier, $0, $1, $2, $3) }
        return known
            ?? LocalUser(
                name: String(identifier),
                identifier: identifier,
                group: getegid(),
                home: "/",
                shell: "",
                groups: [getegid()]
            )
    }

    /// Root may run programs as any user, other users only as themselves.
    package func checkAllowed() throws(LocalProcessError) {
        // The names are only looked up for the error.
        if geteuid() != 0 && geteuid() != identifier { try checkAllowed(for: .current) }
    }

    func checkAllowed(for agent: LocalUser) throws(LocalProcessError) {
        guard agent.identifier == 0 || agent.identifier == identifier else {
            throw .userNotAllowed(agent: agent.name, user: name)
        }
    }

    private typealias Lookup = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func find(_ name: String, _ lookup: Lookup) throws(LocalUserError) -> LocalUser? {
        // Directory services may have long entries, but not a mebibyte.
        var size = 4096
        while size <= 1 << 20 {
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { text.deallocate() }
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let number = lookup(&entry, text, size, &found)
            switch number {
            case 0: return found == nil ? nil : LocalUser(entry)
            case EINTR: continue
            case ERANGE: size *= 4
            // What getpwnam_r(3) lists for "not found", besides 0.
            case ENOENT, ESRCH, EBADF, EPERM: return nil
            default: throw .unreadable(name, number)
            }
        }
        throw .unreadable(name, ERANGE)
    }
}

extension LocalUser {
    init(_ entry: passwd) {
        name = entry.pw_name.map { String(cString: $0) } ?? ""
        identifier = entry.pw_uid
        group = entry.pw_gid
        home = entry.pw_dir.map { String(cString: $0) } ?? "/"
        shell = entry.pw_shell.map { String(cString: $0) } ?? ""
        groups = Self.groups(of: name, entry.pw_gid)
    }

    private static func groups(of name: String, _ group: UInt32) -> [UInt32] {
        var count: Int32 = 64
        // NGROUPS_MAX is 65536.
        while count <= 65536 {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(name, group, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            count = max(count, room * 2)
        }
        return [group]
    }
}
