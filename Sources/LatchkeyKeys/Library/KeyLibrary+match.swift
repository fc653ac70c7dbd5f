// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What a search for the key behind a fingerprint or public key found.
package struct KeyMatches: Sendable {
    /// A key that it is.
    package struct Found: Equatable, Sendable {
        package let candidate: KeyCandidate
        /// What told; nil where the public key itself was given.
        package let kind: FingerprintKind?
    }

    package let found: [Found]
    /// Keys that it could be: only their passphrases would tell.
    package let undecided: [KeyCandidate]
}

extension KeyLibrary {
    /// The keys that a fingerprint calls. Files are read once more before they are named.
    package func matches(_ query: FingerprintQuery) -> KeyMatches {
        refresh()
        let index = index
        let isOverPrivateHalf = query.kinds.contains(.pkcs8SHA1)
        var found: [KeyMatches.Found] = []
        var undecided: [KeyCandidate] = []
        for record in 0..<index.count where index.kind(record) == .key {
            guard let description = index.record(record).description else { continue }
            guard let key = description.publicKey else {
                undecided.append(KeyLibrary.candidate(index.path(record), description))
                continue
            }
            if query.kind(matching: key, pkcs8SHA1: description.pkcs8SHA1) != nil {
                let path = index.path(record)
                guard let now = try? KeyLibrary.describe(path), let key = now.publicKey,
                    let kind = query.kind(matching: key, pkcs8SHA1: now.pkcs8SHA1)
                else { continue }
                found.append(KeyMatches.Found(candidate: KeyLibrary.candidate(path, now), kind: kind))
            } else if isOverPrivateHalf && description.isEncrypted && key.typeName == "rsa" {
                undecided.append(KeyLibrary.candidate(index.path(record), description))
            }
        }
        for identity in identities() {
            if let kind = query.kind(matching: identity.key, pkcs8SHA1: nil) {
                found.append(KeyMatches.Found(candidate: KeyLibrary.candidate(identity), kind: kind))
            } else if isOverPrivateHalf && identity.key.typeName == "rsa" {
                undecided.append(KeyLibrary.candidate(identity))
            }
        }
        return KeyMatches(found: found, undecided: undecided)
    }

    /// The keys whose public half this is.
    package func matches(_ key: PublicKey) -> KeyMatches {
        let found = candidates(for: key)
        let undecided = found.isEmpty ? unusable().filter { $0.fault == nil } : []
        return KeyMatches(found: found.map { KeyMatches.Found(candidate: $0, kind: nil) }, undecided: undecided)
    }

    /// What one file shows of itself.
    ///
    /// - Throws: why it is not a private key that can be used.
    package static func describe(_ path: String) throws(KeyFault) -> KeyDescription {
        try KeyDescription(of: try KeyFile.read(path))
    }
}

extension KeyLibrary {
    /// Everything in the key folders that is, or looks like, a private key.
    ///
    /// - Returns: also how many files are left out, since their names are not UTF-8.
    package func survey() -> (
        usable: [(candidate: KeyCandidate, description: KeyDescription)], faulty: [KeyCandidate], unnamed: Int
    ) {
        refresh()
        let index = index
        let usable = (0..<index.count)
            .compactMap { record -> (KeyCandidate, KeyDescription)? in
                guard let description = index.record(record).description else { return nil }
                return (KeyLibrary.candidate(index.path(record), description), description)
            }
        return (usable, unusable().filter { $0.fault != nil }, unnamed)
    }
}
