// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeyRelay
internal import LatchkeyStore

/// What channels rest on, as it is known in memory.
struct KnownGrants: GrantSource {
    let signers: KnownSigners
    let consoleSessions: ConsoleSessions

    func hasAccessKey(_ id: AccessKey.ID) -> Bool { signers.user(id) != nil }

    func hasConsoleSession(_ id: ConsoleSession.ID) -> Bool { consoleSessions.contains(id) }

    func hasAccessKey(ofOwner arn: String) -> Bool {
        Principal.userName(inARN: arn).map(signers.hasUser(named:)) ?? false
    }

    func registration(of id: Instance.ID) -> Int64? { signers.agent(id)?.registered }
}
