// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

extension LocalUser {
    /// A session's user that is certainly there.
    package struct Ensured: Sendable {
        package let user: LocalUser
        /// Whether it was made just now.
        package let isNew: Bool
        /// Why the new user got no sudo rights, though there is a place for them; for the log.
        package let warning: String?
    }

    /// The user that sessions run as unless another is asked for, `ssm-user`; made if it is missing, which only root can.
    ///
    /// A new user may use sudo without a password if the machine has `/etc/sudoers.d`. A user that was there already keeps
    /// the rights it has, and so does a file of that name. Several sessions that begin at once make one user.
    ///
    /// - Parameter stateFolder: holds the lock; must exist and be writable by this process alone.
    package static func ensureSessionUser(stateFolder: String) throws(LocalUserError) -> Ensured {
        try ensure("ssm-user", stateFolder: stateFolder, sudoers: "/etc/sudoers.d")
    }

    static func ensure(
        _ name: String,
        stateFolder: String,
        sudoers: String
    ) throws(LocalUserError) -> Ensured {
        if let user = try existing(name) { return Ensured(user: user, isNew: false, warning: nil) }
        guard geteuid() == 0 else { throw .notRoot(agent: current.name, user: name) }
        return try SystemFile.locked("\(stateFolder)/session-user.lock") { number in
            .notMade(name, reason: "cannot lock \(stateFolder): \(SystemError(number).message)")
        } _: { () throws(LocalUserError) in
            // Another session may have made it while this one waited.
            if let user = try existing(name) { return Ensured(user: user, isNew: false, warning: nil) }
            try make(name)
            let user = try named(name)
            // After the user: whatever cuts this short leaves one with fewer rights, not a rule for one that is to come.
            return Ensured(user: user, isNew: true, warning: allowSudo(name, sudoers))
        }
    }

    private static func existing(_ name: String) throws(LocalUserError) -> LocalUser? {
        do throws(LocalUserError) { return try named(name) } catch {
            if case .unknown = error { return nil }
            throw error
        }
    }

    private static func make(_ name: String) throws(LocalUserError) {
        let shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh"
        // shadow-utils; BusyBox (Alpine); Debian's adduser, should useradd be missing.
        let ways = [
            ["useradd", "-m", "-s", shell, name],
            ["adduser", "-D", "-s", shell, name],
            ["adduser", "--disabled-password", "--gecos", "", "--shell", shell, name],
        ]
        var reasons: [String] = []
        for way in ways {
            let paths = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map { "\($0)/\(way[0])" }
            guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { continue }
            let specification = LocalProcess.Specification(
                executable: path,
                arguments: way,
                environment: [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C")]
            )
            do throws(LocalProcessError) {
                let outcome = try LocalProcess.run(specification)
                if outcome.ending == .exited(0) { return }
                let message = outcome.error.prefix(400).map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
                reasons.append("\(way[0]): \(String(decoding: message, as: UTF8.self))")
            } catch { reasons.append(error.description) }
            // With -m useradd may have failed only after the user was there, and another way would then fail, too.
            if try existing(name) != nil { return }
        }
        let reason = reasons.joined(separator: "; ")
        throw .notMade(name, reason: reason.isEmpty ? "there is neither useradd nor adduser" : reason)
    }

    private static func allowSudo(_ name: String, _ folder: String) -> String? {
        guard SystemFile.isFolder(folder) else { return nil }
        let rule = "# Made by latchkey-agent together with the user.\n\(name) ALL=(ALL) NOPASSWD:ALL\n"
        let number = StateFile.create("\(folder)/ssm-agent-users", mode: 0o440, rule)
        if number == 0 { return nil }
        return "\(folder)/ssm-agent-users was not made: \(SystemError(number).message)"
    }
}
