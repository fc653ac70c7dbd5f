// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyKeys
internal import LatchkeyModel

/// A key pair with what this machine knows of its private half.
struct KeyPairReport: Encodable {
    let id: String
    let name: String
    let type: String
    let bits: Int?
    /// In EC2's form.
    let fingerprint: String
    /// In OpenSSH's form.
    let sha256: String
    let origin: KeyPair.Origin
    let publicKey: PublicKey
    /// The files that hold the private half here.
    let privateKeys: [String]
    let tags: Tags
    let created: Date

    init(_ pair: KeyPair, _ library: KeyLibrary) {
        id = pair.id
        name = pair.name
        type = pair.type
        bits = pair.publicKey.bits
        fingerprint = pair.fingerprint
        sha256 = Fingerprint.openSSH(pair.publicKey)
        origin = pair.origin
        publicKey = pair.publicKey
        privateKeys = library.candidates(for: pair.publicKey).compactMap(\.path)
        tags = pair.tags
        created = pair.created
    }
}
