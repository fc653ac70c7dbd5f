// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// What a request says about its signature, from its `Authorization` header or from its query. Nothing of it is proved
/// before ``SignableRequest/verify(_:secretAccessKey:now:clockSkew:)`` has returned.
package struct SignatureHeader: Equatable, Sendable {
    /// Longer texts are refused unread; an honest one, with an RSA signature, has some 700 characters.
    private static let limit = 8192
    private static let headersLimit = 100

    /// An access key's or a machine's: 1 to 128 letters, digits, hyphens and underscores.
    package let accessKeyID: String
    /// The day, region and service that it is for. Whether region and service are the right ones is the caller's to check.
    package let scope: SigningScope
    /// The names of the covered headers, in lower case and sorted.
    package let signedHeaders: [String]
    /// Hexadecimal or base64, not decoded yet.
    package let signature: String
    /// Set if it came in the query.
    package let presigned: Presigned?

    /// What a signature in the query says besides.
    package struct Presigned: Equatable, Sendable {
        package let time: SigningTime
        /// For how many seconds it says that it is good: up to seven days. A verifier has limits of its own.
        package let lifetime: Int
        /// Of temporary credentials, which have it in a header otherwise.
        package let sessionToken: String?
    }

    /// From a request that has one in its header, or else in its query.
    ///
    /// - Throws: `missing`, `malformed` (also if there are several).
    package init(of request: SignableRequest) throws(SignatureFailure) {
        let values = request.values(of: "authorization")
        guard values.count <= 1 else { throw .malformed }
        if let value = values.first {
            self = try SignatureHeader.parse(value)
        } else {
            self = try SignatureHeader.parse(query: request.query)
        }
    }

    /// - Parameter authorization: the value of the `Authorization` header; nil if there is none.
    /// - Throws: `missing` also for another scheme, `malformed`.
    package static func parse(_ authorization: String?) throws(SignatureFailure) -> SignatureHeader {
        guard let authorization, authorization.hasPrefix(SigningScope.algorithm) else { throw .missing }
        let rest = authorization.dropFirst(SigningScope.algorithm.count)
        guard authorization.utf8.count <= limit, rest.first == " " else { throw .malformed }
        var fields: [Substring: Substring] = [:]
        for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = SignableRequest.trimmed(String(part)).split(separator: "=", maxSplits: 1)
            guard pair.count == 2, fields.updateValue(pair[1], forKey: pair[0]) == nil else { throw .malformed }
        }
        guard fields.count == 3, let credential = fields["Credential"], let names = fields["SignedHeaders"],
            let signature = fields["Signature"]
        else { throw .malformed }
        return try SignatureHeader(credential: credential, names: names, signature: signature, presigned: nil)
    }

    /// - Parameter query: as it was sent.
    /// - Throws: `missing`, `malformed`.
    package static func parse(query: String) throws(SignatureFailure) -> SignatureHeader {
        guard query.contains("X-Amz-") else { throw .missing }
        // The session token is in it, too.
        guard query.utf8.count <= 4 * limit else { throw .malformed }
        var fields: [String: String] = [:]
        for (name, value) in try SignableRequest.parameters(of: query) where name.hasPrefix("X-Amz-") {
            guard let bytes = PercentEncoding.decode(value[...].utf8, plusIsSpace: true),
                fields.updateValue(String(decoding: bytes, as: UTF8.self), forKey: name) == nil
            else { throw .malformed }
        }
        guard let algorithm = fields["X-Amz-Algorithm"] else { throw .missing }
        guard algorithm == SigningScope.algorithm, let credential = fields["X-Amz-Credential"],
            let names = fields["X-Amz-SignedHeaders"], let signature = fields["X-Amz-Signature"],
            let time = fields["X-Amz-Date"].flatMap({ SigningTime(basic: $0) }), let text = fields["X-Amz-Expires"],
            text.utf8.count <= 6, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let lifetime = Int(text),
            (1...604_800).contains(lifetime)
        else { throw .malformed }
        return try SignatureHeader(
            credential: credential[...],
            names: names[...],
            signature: signature[...],
            presigned: Presigned(
                time: time,
                lifetime: lifetime,
                sessionToken: fields["X-Amz-Security-Token"]
            )
        )
    }

    private init(
        credential: Substring,
        names: Substring,
        signature: Substring,
        presigned: Presigned?
    ) throws(SignatureFailure) {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, SignatureHeader.isIdentifier(parts[0]), parts[1].utf8.count == 8,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), SignatureHeader.isLabel(parts[2]),
            SignatureHeader.isLabel(parts[3]), parts[4] == SigningScope.terminator
        else { throw .malformed }
        let list = names.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        // Sorted and none twice, so that there is one way only to write it.
        guard list.count <= SignatureHeader.headersLimit, list.allSatisfy(SignatureHeader.isHeaderName),
            zip(list, list.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw .malformed }
        guard (1...2048).contains(signature.utf8.count), signature.utf8.allSatisfy(SignatureHeader.isBase64) else {
            throw .malformed
        }
        accessKeyID = String(parts[0])
        scope = SigningScope(day: String(parts[1]), region: String(parts[2]), service: String(parts[3]))
        signedHeaders = list
        self.signature = String(signature)
        self.presigned = presigned
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    /// Region or service.
    private static func isLabel(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// A token (RFC 9110 §5.6.2) in lower case.
    private static func isHeaderName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    private static func isBase64(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "+/=".utf8.contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
