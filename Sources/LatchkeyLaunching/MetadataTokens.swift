// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Tokens of the metadata service: each is one instance's, good for as long as was asked for, and only from the address that it
/// was given to.
///
/// Nodes that take each other's tokens need a conformer that they share.
package protocol MetadataTokens: Sendable {
    /// - Parameters:
    ///   - source: the address that it is given to.
    ///   - lifetime: seconds.
    func make(for instance: Instance.ID, at source: String, lifetime: Int) -> String

    /// - Returns: nil unless the token is good, and comes from where it was given to.
    func owner(of token: String, at source: String) -> Instance.ID?
}
