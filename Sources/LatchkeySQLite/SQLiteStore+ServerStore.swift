// SPDX-License-Identifier: Apache-2.0

package import LatchkeyStore

/// What each function promises stands in the protocols.
extension SQLiteStore: ServerStore {
    package func makeSignerSource() -> any SignerSource { SQLiteSignerSource(self) }
}
