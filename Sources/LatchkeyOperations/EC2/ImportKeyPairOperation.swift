// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyKeys
internal import LatchkeyModel

/// Registers a public key under a name.
struct ImportKeyPairOperation: EC2Operation {
    static let action: Action = "ec2:ImportKeyPair"

    let ec2: EC2Service

    func resources(of request: EC2.ImportKeyPair) -> [Resource] {
        [.keyPair(request.keyName)]
    }

    func execute(_ request: EC2.ImportKeyPair, in context: OperationContext) async throws -> EC2.ImportKeyPair.Response
    {
        let name = try Names.ec2KeyPair(request.keyName)
        let tags = try EC2Service.tags(request.tagSpecification, for: ["key-pair"])["key-pair"] ?? [:]
        let key = try Self.publicKey(request.publicKeyMaterial)
        return try await pool.write {
            try ec2.checkFree(name)
            try ec2.checkDryRun(request)
            let pair = try ec2.add(name) {
                KeyPair(
                    name: name,
                    publicKey: key,
                    fingerprint: Fingerprint.ec2Imported(key),
                    origin: .imported,
                    tags: tags,
                    created: Date()
                )
            }
            return EC2.ImportKeyPair.Response(
                keyPairId: pair.id,
                keyName: name,
                keyFingerprint: pair.fingerprint,
                tagSet: EC2Service.list(tags)
            )
        }
    }

    private static let materialLimit = 16 * 1024

    /// Of an imported RSA key.
    private static let sizes: Set<Int> = [1024, 2048, 4096]

    /// - Throws: `InvalidKeyPair.Format` for what is no key, or one of a kind that EC2 does not take.
    private static func publicKey(_ material: String) throws(ServiceError) -> PublicKey {
        func refused(_ why: String) -> ServiceError { ServiceError(code: "InvalidKey.Format", message: why) }
        guard material.utf8.count <= materialLimit else {
            throw refused("A public key of more than \(materialLimit) characters is none that can be imported")
        }
        guard let data = Data(base64Encoded: material) else {
            throw refused("The public key is not in base64, in which EC2's API has it")
        }
        let none = "Key is not in valid OpenSSH public key format"
        guard let text = String(validating: data, as: UTF8.self), !text.isEmpty else { throw refused(none) }
        guard !["PRIVATE KEY-----", "PuTTY-User-Key-File-"].contains(where: { text.contains($0) }) else {
            throw refused("It is a private key: import its public half, which `ssh-keygen -y` prints")
        }
        let key: PublicKey
        do throws(KeyFault) { key = try PublicKeyText(reading: text).key } catch {
            let lines = text.split(whereSeparator: \.isNewline)
            if lines.count > 1, lines.contains(where: { PublicKey(line: $0) != nil }) {
                throw refused("There is more than one line: a key pair has one key")
            }
            throw refused(error == .notAKey ? none : "\(none): it \(error.reason)")
        }
        switch key.typeName {
        case _ where key.isCertificate:
            throw refused("A certificate cannot be imported: import the key that it is about")
        case "ed25519": return key
        case "rsa":
            guard let bits = key.bits, sizes.contains(bits) else {
                throw refused("An RSA key must have 1024, 2048 or 4096 bits")
            }
            return key
        default: throw refused("Only RSA and ED25519 keys can be imported, not \(key.typeName.terminalSafe)")
        }
    }
}
