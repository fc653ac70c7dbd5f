// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel

/// A session as `session list` shows it; all text is safe for a terminal.
struct ListedSession: Encodable {
    let id: String
    let instance: String
    let instanceName: String?
    let status: String
    let started: String
    let ended: String?
    let owner: String
    let details: String?
}
