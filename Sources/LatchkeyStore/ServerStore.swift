// SPDX-License-Identifier: Apache-2.0

/// All that a server keeps. Operations, the relay and launching see this, or one of its parts, and never what keeps it.
///
/// Functions that change something do all of it or nothing, and what they have done is there after a crash. Every function
/// throws `LatchkeyError`: `storeBusy` when others who write have had the turn for too long, `storeUnavailable`, `storeDamaged`,
/// `storeNewer`, `storageFull`.
package protocol ServerStore: AccessKeyStore, ActivationStore, CommandStore, ConsoleSessionStore, InstanceStore,
    KeyPairStore,
    LaunchStore, ManagedInstanceStore, PushedKeyStore, SessionStore, TagStore
{
    /// A view of the keys that requests are signed with, which never waits.
    func makeSignerSource() -> any SignerSource
}
