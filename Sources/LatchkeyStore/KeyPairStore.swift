// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// The public halves of key pairs.
///
/// Ids and names are unique. A name is taken before the key is made, and no other process can take it meanwhile.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol KeyPairStore: Sendable {
    /// Every key pair, by name in natural order.
    func keyPairs() throws -> [KeyPair]

    /// The key pairs that have one of these names or ids, by name.
    func keyPairs(named names: [String], withIDs ids: [KeyPair.ID]) throws -> [KeyPair]

    /// - Returns: nil if there is no key pair of that name.
    func keyPair(named name: String) throws -> KeyPair?

    func keyPairCount() throws -> Int

    /// Registers the pair that `make` returns. `make` runs only if the name is free, and nothing is registered if it
    /// throws; no other process can take the name meanwhile.
    ///
    /// - Throws: `keyExists`, `nameInvalid` if another pair's name looks like this one, and what `make` throws.
    func addKeyPair(named name: String, _ make: () throws -> KeyPair) throws -> KeyPair

    /// Forgets the public half. Nothing changes on instances, and no file is touched.
    func removeKeyPair(_ id: KeyPair.ID) throws
}
