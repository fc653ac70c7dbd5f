// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// A candidate and what speaks for it.
package struct KeyProposal: Sendable {
    package let candidate: KeyCandidate
    /// Nil where nothing speaks for it but that it is there.
    package let evidence: Evidence?
    /// The key itself, where it is in memory already.
    package let signer: (any Signer)?

    package init(candidate: KeyCandidate, evidence: Evidence?, signer: (any Signer)? = nil) {
        self.candidate = candidate
        self.evidence = evidence
        self.signer = signer
    }
}
