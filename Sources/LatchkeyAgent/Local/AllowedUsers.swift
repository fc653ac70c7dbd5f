// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Which users of this machine sessions may run as. Without it a user who may open sessions is root on each machine, whatever
/// its sshd says of that.
struct AllowedUsers: Sendable {
    /// The names given to `--allow-user`; empty for all users but root.
    let names: Set<String>
    /// The user of sessions that name none, where one was told: told twice is not needed.
    let defaultUser: String?

    /// Whether sessions may run as this user; root, by whatever name, only where that name was told.
    func contains(_ user: LocalUser) -> Bool {
        if names.contains(user.name) || user.name == defaultUser { return true }
        return names.isEmpty && user.identifier != 0
    }

    /// - Throws: if they may not.
    func check(_ user: LocalUser) throws(SessionBackendFailure) {
        guard contains(user) else {
            throw SessionBackendFailure(
                reason: "the agent opens no session as '\(user.name.terminalSafe)' (latchkey-agent run --allow-user)"
            )
        }
    }

    /// Whether what needs the agent's own rights may run: commands without a session, and documents that ask for them.
    var includesOwnUser: Bool { names.isEmpty || names.contains(LocalUser.current.name) }
}
