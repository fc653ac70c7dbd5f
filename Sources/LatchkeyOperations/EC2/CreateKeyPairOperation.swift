// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyKeys
internal import LatchkeyModel

/// Makes a key pair. Its private half is in the answer, and nowhere else.
struct CreateKeyPairOperation: EC2Operation {
    static let action: Action = "ec2:CreateKeyPair"

    let ec2: EC2Service

    func resources(of request: EC2.CreateKeyPair) -> [Resource] {
        [.keyPair(request.keyName)]
    }

    func execute(_ request: EC2.CreateKeyPair, in context: OperationContext) async throws -> SecretResponse<
        EC2.CreateKeyPair.Response
    > {
        let name = try Names.ec2KeyPair(request.keyName)
        let tags = try EC2Service.tags(request.tagSpecification, for: ["key-pair"])["key-pair"] ?? [:]
        guard let type = GeneratedKey.KeyType(rawValue: request.keyType ?? "rsa") else {
            throw ServiceError.invalidParameter("The key type must be rsa or ed25519")
        }
        guard let format = GeneratedKey.Format(rawValue: request.keyFormat ?? "pem") else {
            throw ServiceError.invalidParameter("The key format must be pem or ppk")
        }
        return try await pool.write {
            try ec2.checkFree(name)
            try ec2.checkDryRun(request)
            // Make it before taking the store's only writer, so that others can write meanwhile.
            let key = try GeneratedKey(type, format: format, comment: name)
            let (publicKey, fingerprint) = (key.publicKey, key.fingerprint)
            let pair = try ec2.add(name) {
                KeyPair(
                    name: name,
                    publicKey: publicKey,
                    fingerprint: fingerprint,
                    origin: .created,
                    tags: tags,
                    created: Date()
                )
            }
            let answer = EC2.CreateKeyPair.Response(
                keyPairId: pair.id,
                keyName: name,
                keyFingerprint: fingerprint,
                tagSet: EC2Service.list(tags)
            )
            return SecretResponse(
                content: answer,
                elementName: "keyMaterial",
                secret: SecretBody(copying: key.text)
            )
        }
    }
}
