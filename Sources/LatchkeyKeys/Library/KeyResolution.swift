// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Why a key is thought to fit an instance, the strongest first.
package enum Evidence: String, CaseIterable, Codable, Comparable, Sendable {
    /// The user named the key.
    case named
    /// The public key that the control plane holds for the instance's key pair is the candidate's own.
    case publicKey
    /// This instance let this key in before.
    case acceptedBefore
    /// The file is called like the key pair or the instance: a hint, never a proof.
    case fileName

    package static func < (a: Evidence, b: Evidence) -> Bool {
        allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }

    /// Whether this proves that the key belongs to the instance; without it only the server can tell.
    package var isProof: Bool { self != .fileName }

    package var explanation: String {
        switch self {
        case .named: "named on the command line"
        case .publicKey: "its public half is the one registered for the instance's key pair"
        case .acceptedBefore: "this instance let it in before"
        case .fileName: "its name fits; only the instance can tell whether it does"
        }
    }
}

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
