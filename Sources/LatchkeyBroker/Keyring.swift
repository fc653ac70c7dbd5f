// SPDX-License-Identifier: Apache-2.0

package import LatchkeyKeys
internal import LatchkeyModel
internal import Synchronization

/// The private keys that were unlocked in this run of the program, so that a passphrase is asked for once, however many
/// instances the key opens. Safe on several threads, which ask one after the other.
package final class Keyring: Sendable {
    private let keys = Mutex<[String: Result<PrivateKey, LatchkeyError>]>([:])
    private let passphrase: PrivateKeyLoader.PassphraseSource

    /// - Parameters:
    ///   - passphraseFile: whose first line opens the keys that have a passphrase; nil to ask.
    ///   - interaction: what is asked.
    /// - Throws: `fileUnusable`.
    package init(passphraseFile: String? = nil, _ interaction: any Interaction) throws {
        passphrase =
            try passphraseFile.map { .given(try PrivateKeyLoader.GivenPassphrase(in: $0)) }
            ?? .interaction(interaction)
    }

    /// Lets go of the keys; each is wiped once nothing signs with it any more.
    package func removeAll() { keys.withLock { $0.removeAll() } }

    /// The key in a file. A failure is remembered as well: the user is not asked again for each instance of a fleet.
    ///
    /// - Throws: what ``PrivateKeyLoader/open(_:passphrase:)`` throws.
    package func privateKey(at path: String) throws -> PrivateKey {
        try keys.withLock { keys in
            if let known = keys[path] { return try known.get() }
            do {
                let key = try PrivateKeyLoader.open(path, passphrase: passphrase).key
                keys[path] = .success(key)
                return key
            } catch let error as LatchkeyError {
                keys[path] = .failure(error)
                throw error
            }
        }
    }
}
