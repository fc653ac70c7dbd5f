// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import NIOHTTP1

extension EC2Service {
    /// EC2's, for a region.
    private static let keyPairLimit = 5000
    private static let materialLimit = 16 * 1024
    /// Of an imported RSA key.
    private static let sizes: Set<Int> = [1024, 2048, 4096]

    /// Makes a key pair. Its private half is in the answer, and nowhere else.
    func createKeyPair(_ request: EC2.CreateKeyPair, requestID: String) async throws -> OutgoingResponse {
        let name = try Names.ec2KeyPair(request.keyName)
        let tags = try EC2Service.tags(request.tagSpecification, for: ["key-pair"])["key-pair"] ?? [:]
        guard let type = GeneratedKey.KeyType(rawValue: request.keyType ?? "rsa") else {
            throw ServiceError.invalidParameter("The key type must be rsa or ed25519")
        }
        guard let format = GeneratedKey.Format(rawValue: request.keyFormat ?? "pem") else {
            throw ServiceError.invalidParameter("The key format must be pem or ppk")
        }
        return try await pool.write {
            try checkFree(name)
            try checkDryRun(request)
            // Before the store is asked for its one place to write, which nobody else could have meanwhile.
            let key = try GeneratedKey(type, format: format, comment: name)
            let (publicKey, fingerprint) = (key.publicKey, key.fingerprint)
            let pair = try add(name) {
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
            let operation = EC2.CreateKeyPair.operation
            var body = try QueryXML.answer(operation, answer, requestID: requestID)
            let secret = QueryXML.split(&body, operation, adding: "keyMaterial", key.text)
            var response = OutgoingResponse(.ok, type: QueryHandler.contentType, body)
            response.secret = SecretBody(secret)
            return response
        }
    }

    func importKeyPair(_ request: EC2.ImportKeyPair) async throws -> EC2.ImportKeyPair.Response {
        let name = try Names.ec2KeyPair(request.keyName)
        let tags = try EC2Service.tags(request.tagSpecification, for: ["key-pair"])["key-pair"] ?? [:]
        let key = try EC2Service.publicKey(request.publicKeyMaterial)
        return try await pool.write {
            try checkFree(name)
            try checkDryRun(request)
            let pair = try add(name) {
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

    private func checkFree(_ name: String) throws {
        if try store.keyPair(named: name) != nil { throw EC2Service.duplicate(name) }
        if try store.keyPairCount() >= EC2Service.keyPairLimit {
            throw ServiceError(
                code: "ResourceLimitExceeded",
                message: "There may be \(EC2Service.keyPairLimit) key pairs in a region"
            )
        }
    }

    private func add(_ name: String, _ make: () -> KeyPair) throws -> KeyPair {
        do { return try store.addKeyPair(named: name, make) } catch let error as LatchkeyError
            where error.code == .keyExists
        {
            throw EC2Service.duplicate(name)
        }
    }

    private static func duplicate(_ name: String) -> ServiceError {
        ServiceError(code: "InvalidKeyPair.Duplicate", message: "The keypair already exists: '\(name)'")
    }

    func describeKeyPairs(_ request: EC2.DescribeKeyPairs) async throws -> EC2.DescribeKeyPairs.Response {
        let filters = try EC2Filters(request.filter)
        let table = AttributeTable.keyPairs
        try table.check(filters)
        let (names, ids) = (request.keyName ?? [], request.keyPairId ?? [])
        let pairs = try await pool.run { try candidates(names, ids, filters) }
        if let name = names.first(where: { name in !pairs.contains { $0.name == name } }) {
            throw ServiceError.keyPairNotFound(name: name)
        }
        if let id = ids.first(where: { id in !pairs.contains { $0.id == id } }) {
            throw ServiceError.keyPairNotFound(id: id)
        }
        try checkDryRun(request)
        let list = pairs.filter { table.passes($0, filters) }
            .map { pair in
                EC2.DescribeKeyPairs.KeyPair(
                    keyPairId: pair.id,
                    keyName: pair.name,
                    keyType: pair.type,
                    keyFingerprint: pair.fingerprint,
                    createTime: pair.created,
                    publicKey: request.includePublicKey == true ? "\(pair.publicKey.line) \(pair.name)" : nil,
                    tagSet: EC2Service.list(pair.tags)
                )
            }
        return EC2.DescribeKeyPairs.Response(keySet: list)
    }

    /// The key pairs with these names and these ids; without any, all that a filter may let pass. Whoever asks for few by their
    /// names waits for few.
    private func candidates(_ names: [String], _ ids: [String], _ filters: EC2Filters) throws -> [KeyPair] {
        if !names.isEmpty || !ids.isEmpty { return try store.keyPairs(named: names, withIDs: ids) }
        if let names = filters.literals(of: "key-name") { return try store.keyPairs(named: names, withIDs: []) }
        if let ids = filters.literals(of: "key-pair-id") { return try store.keyPairs(named: [], withIDs: ids) }
        return try store.keyPairs()
    }

    /// Forgets a key pair. One that is not there is no mistake, as at EC2.
    func deleteKeyPair(_ request: EC2.DeleteKeyPair) async throws -> EC2.DeleteKeyPair.Response {
        guard request.keyName != nil || request.keyPairId != nil else { throw ServiceError.missingParameter("KeyName") }
        return try await pool.write {
            let byName = try request.keyName.flatMap { try store.keyPair(named: $0) }
            let byID = try request.keyPairId.flatMap { try store.keyPairs(named: [], withIDs: [$0]).first }
            if request.keyName != nil, request.keyPairId != nil, byName?.id != byID?.id {
                throw ServiceError.combination("KeyName and KeyPairId are not of the same key pair")
            }
            try checkDryRun(request)
            let pair = byName ?? byID
            if let pair { try store.removeKeyPair(pair.id) }
            return EC2.DeleteKeyPair.Response(keyPairId: pair?.id ?? request.keyPairId)
        }
    }
}

extension AttributeTable where Element == KeyPair {
    /// All that DescribeKeyPairs may be filtered by (EC2 API Reference, version 2016-11-15).
    static let keyPairs: AttributeTable = {
        var table = AttributeTable { EC2Service.list($0.tags) }
        table["fingerprint"] = { [$0.fingerprint] }
        table["key-name"] = { [$0.name] }
        table["key-pair-id"] = { [$0.id] }
        return table
    }()
}
