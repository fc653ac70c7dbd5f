// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel

/// A session in words, safe for a terminal.
enum SessionText {
    static let header = ["SESSION", "INSTANCE", "STATUS", "STARTED", "OWNER", "DETAILS"]

    static func row(_ session: ListedSession) -> [String] {
        [
            session.id, session.instanceName ?? session.instance, session.status, session.started, session.owner,
            session.details ?? "-",
        ]
    }
}
