// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// What a signature is good for: one day, region and service.
package struct SigningScope: Equatable, Sendable {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let terminator = "aws4_request"

    /// For example `20150830`.
    package let day: String
    package let region: String
    /// For example `ssm`.
    package let service: String

    package init(day: String, region: String, service: String) {
        self.day = day
        self.region = region
        self.service = service
    }

    /// For example `20150830/us-east-1/ssm/aws4_request`.
    package var text: String { "\(day)/\(region)/\(service)/\(SigningScope.terminator)" }

    /// 32 bytes, which can sign nothing outside the scope.
    package func signingKey(secretAccessKey: String) -> [UInt8] {
        var key = Array("AWS4\(secretAccessKey)".utf8)
        for part in [day, region, service, SigningScope.terminator] { key = HMAC.sha256(key: key, Array(part.utf8)) }
        return key
    }

    /// What the signature is made over.
    package func stringToSign(canonicalRequest: String, time: SigningTime) -> String {
        let digest = Hex.encode(Digest.sha256(Array(canonicalRequest.utf8)))
        return "\(SigningScope.algorithm)\n\(time.text)\n\(text)\n\(digest)"
    }
}
