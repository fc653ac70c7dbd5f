// SPDX-License-Identifier: Apache-2.0

package import LatchkeyKeys
package import LatchkeyModel

/// A public key that is to open instances.
package struct NewKey: Sendable {
    package let publicKey: PublicKey
    /// What stands behind it in `authorized_keys`, one line.
    package let comment: String
    /// The registered key pair that it is; nil for none.
    package let pairName: String?
    /// What proves it: the private half; nil where it is not at hand.
    package let proposal: KeyProposal?

    package init(publicKey: PublicKey, comment: String, pairName: String?, proposal: KeyProposal?) {
        self.publicKey = publicKey
        self.comment = comment
        self.pairName = pairName
        self.proposal = proposal
    }
}
