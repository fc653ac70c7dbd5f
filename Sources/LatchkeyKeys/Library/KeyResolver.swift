// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Goes from an instance to the keys that could fit it.
package struct KeyResolver {
    private let library: KeyLibrary

    package init(library: KeyLibrary) { self.library = library }

    /// Keys that are verified to belong to the instance, to be offered alone and in this order.
    ///
    /// - Parameters:
    ///   - registered: what the control plane holds under the instance's launch key name.
    ///   - accepted: the key that this instance let in last.
    package func verified(registered: PublicKey?, accepted: PublicKey?) -> [KeyProposal] {
        var proposals: [KeyProposal] = []
        // What the instance itself said weighs more than what was written down at launch and may be stale; but the two are
        // the same nearly always, and the written one is the better explanation then.
        if let accepted, accepted != registered {
            proposals += library.candidates(for: accepted).map { KeyProposal(candidate: $0, evidence: .acceptedBefore) }
        }
        if let registered {
            proposals += library.candidates(for: registered).map { KeyProposal(candidate: $0, evidence: .publicKey) }
        }
        return proposals
    }

    /// Other keys whose public half is known, the likely ones first: the instance has to be asked about each.
    ///
    /// - Parameter limit: so many are named; the rest is only counted.
    /// - Returns: the proposals, and how many other keys there are in all.
    package func rankedKeys(
        for instance: Instance,
        without verified: [KeyProposal],
        limit: Int
    ) -> (proposals: [KeyProposal], total: Int) {
        let names = Set([instance.keyName, instance.name, instance.id].compactMap { $0 })
        let verifiedKeys = Set(verified.compactMap(\.candidate.publicKey))
        // More than the limit, since those that are verified, and copies, fall away.
        let (candidates, total) = library.ranked(names: names, limit: limit + verified.count + 16)
        var seen = verifiedKeys
        let proposals = candidates.compactMap { candidate -> KeyProposal? in
            guard let key = candidate.publicKey, seen.insert(key).inserted else { return nil }
            let isNamed = candidate.stem.map(names.contains) == true
            return KeyProposal(candidate: candidate, evidence: isNamed ? .fileName : nil)
        }
        return (Array(proposals.prefix(limit)), max(proposals.count, total - verified.count))
    }
}
