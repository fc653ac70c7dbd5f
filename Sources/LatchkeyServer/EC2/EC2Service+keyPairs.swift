// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel

extension EC2Service {
    /// Of a region, by EC2's default quota.
    private static let keyPairLimit = 5000

    func createKeyPair(_ parameters: QueryParameters) throws -> Answer {
        let name = try newName(parameters)
        guard let type = KeyDirectory.KeyType(rawValue: parameters["KeyType"] ?? "rsa") else {
            throw QueryError.invalid(
                "Value (\(parameters["KeyType"]?.prefix(32) ?? "")) for parameter KeyType is invalid."
            )
        }
        guard let format = KeyDirectory.CreatedFormat(rawValue: parameters["KeyFormat"] ?? "pem") else {
            throw QueryError.invalid(
                "Value (\(parameters["KeyFormat"]?.prefix(32) ?? "")) for parameter KeyFormat is invalid."
            )
        }
        let tags = try specifiedTags("key-pair", parameters)
        if try store.keyPair(named: name) != nil { throw EC2Service.duplicate }
        try stopAtDryRun(parameters)
        let made = try KeyDirectory.make(name, type: type, format: format)
        let pair = try add(name) { [key = made.publicKey, fingerprint = made.fingerprint] in
            KeyPair(name: name, publicKey: key, fingerprint: fingerprint, origin: .created, tags: tags, created: Date())
        }
        // It is said this once and kept nowhere.
        let material = made.text.withBytes { String(decoding: $0, as: UTF8.self) }
        return { xml in
            xml.element("keyName", text: pair.name)
            xml.element("keyFingerprint", text: pair.fingerprint)
            xml.element("keyMaterial", text: material)
            xml.element("keyPairId", text: pair.id)
            xml.tags(pair.tags)
        }
    }

    func importKeyPair(_ parameters: QueryParameters) throws -> Answer {
        let name = try newName(parameters)
        let tags = try specifiedTags("key-pair", parameters)
        let material = try required("PublicKeyMaterial", parameters)
        // Base64, as of any blob; the text in it is the key.
        guard let data = Data(base64Encoded: material), let text = String(data: data, encoding: .utf8),
            let key = (try? PublicKeyText(reading: text))?.key, !key.isCertificate
        else {
            throw QueryError(code: "InvalidKey.Format", message: "Key is not in valid OpenSSH public key format")
        }
        guard ["rsa", "ed25519", "ecdsa", "sk-ed25519", "sk-ecdsa"].contains(key.typeName) else {
            throw QueryError(code: "InvalidKey.Format", message: "Keys of the kind \(key.algorithm) are not supported")
        }
        if try store.keyPair(named: name) != nil { throw EC2Service.duplicate }
        try stopAtDryRun(parameters)
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
        return { xml in
            xml.element("keyName", text: pair.name)
            xml.element("keyFingerprint", text: pair.fingerprint)
            xml.element("keyPairId", text: pair.id)
            xml.tags(pair.tags)
        }
    }

    func describeKeyPairs(_ parameters: QueryParameters) throws -> Answer {
        let filters = try filters(parameters)
        let (names, ids) = (parameters.list("KeyName"), parameters.list("KeyPairId"))
        let all = try store.keyPairs()
        for name in names where !all.contains(where: { $0.name == name }) { throw QueryError.noKeyPair(name) }
        for id in ids where !all.contains(where: { $0.id == id }) { throw QueryError.noKeyPair(id) }
        try stopAtDryRun(parameters)
        let found = try all.filter { pair in
            guard names.isEmpty && ids.isEmpty || names.contains(pair.name) || ids.contains(pair.id) else {
                return false
            }
            return try filters.allSatisfy { try EC2Service.fits(pair, $0.name, $0.values) }
        }
        let withKeys = parameters["IncludePublicKey"] == "true"
        return { xml in
            xml.list("keySet", found) { xml, pair in
                xml.element("keyName", text: pair.name)
                xml.element("keyFingerprint", text: pair.fingerprint)
                xml.element("keyPairId", text: pair.id)
                xml.element("keyType", text: pair.type)
                xml.element("createTime", text: EC2Service.time(pair.created))
                if withKeys { xml.element("publicKey", text: "\(pair.publicKey.line) \(pair.name)\n") }
                xml.tags(pair.tags)
            }
        }
    }

    func deleteKeyPair(_ parameters: QueryParameters) throws -> Answer {
        let (name, id) = (parameters["KeyName"], parameters["KeyPairId"])
        guard name != nil || id != nil else { throw QueryError.missing("KeyName") }
        let pair = try store.keyPairs().first { (name == nil || $0.name == name) && (id == nil || $0.id == id) }
        try stopAtDryRun(parameters)
        // One that is not there is as good as deleted.
        if let pair { try store.removeKeyPair(pair.id) }
        return { xml in
            xml.element("return", true)
            xml.element("keyPairId", ifAny: pair?.id)
        }
    }

    private static let duplicate = QueryError(
        code: "InvalidKeyPair.Duplicate",
        message: "The keypair already exists"
    )

    private func newName(_ parameters: QueryParameters) throws -> String {
        let name = try required("KeyName", parameters)
        do { return try Names.keyPair(name) } catch let error as LatchkeyError {
            throw QueryError.invalid(error.message)
        }
    }

    private func add(_ name: String, _ make: () throws -> KeyPair) throws -> KeyPair {
        guard try store.keyPairs().count < EC2Service.keyPairLimit else {
            throw QueryError(
                code: "KeyPairLimitExceeded",
                message: "There are \(EC2Service.keyPairLimit) key pairs, which is the most."
            )
        }
        do { return try store.addKeyPair(named: name, make) } catch let error as LatchkeyError
            where error.code == .keyExists
        {
            throw EC2Service.duplicate
        }
    }

    private static func fits(_ pair: KeyPair, _ name: String, _ values: [String]) throws(QueryError) -> Bool {
        func fits(_ text: String?) -> Bool {
            text.map { text in values.contains { Wildcard($0).matches(text) } } ?? false
        }
        switch name {
        case "key-name": return fits(pair.name)
        case "key-pair-id": return fits(pair.id)
        case "fingerprint": return fits(pair.fingerprint)
        case "tag-key": return pair.tags.keys.contains { fits($0) }
        case _ where name.hasPrefix("tag:"): return fits(pair.tags[String(name.dropFirst(4))])
        default: throw .unknownFilter(name)
        }
    }

    /// As EC2 writes times, with milliseconds.
    static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
