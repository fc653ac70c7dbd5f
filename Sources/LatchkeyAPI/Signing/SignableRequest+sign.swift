// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyCrypto

extension SignableRequest {
    /// What programs on the way may change, and the signature itself (botocore's list).
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// Signs with a secret key (AWS4-HMAC-SHA256). A date, token and signature that are there already do not count.
    ///
    /// - Returns: the headers that have to be set besides the others.
    /// - Throws: `malformed` if there is no host, or the query cannot be decoded.
    package func sign(
        _ credentials: Credentials,
        region: String,
        service: String,
        date: Date
    ) throws(SignatureFailure) -> [(name: String, value: String)] {
        let time = SigningTime(date)
        let scope = SigningScope(day: time.day, region: region, service: service)
        var added = [(name: "X-Amz-Date", value: time.text)]
        if let token = credentials.sessionToken { added.append((name: "X-Amz-Security-Token", value: token)) }
        let draft = try draft(adding: added, scope: scope, time: time)
        let key = scope.signingKey(secretAccessKey: credentials.secretAccessKey)
        let signature = Hex.encode(HMAC.sha256(key: key, Array(draft.stringToSign.utf8)))
        return added + [draft.authorization(credentials.accessKeyID, scope, signature)]
    }

    /// Signs as a machine that registered itself: the string to sign is the same, the signature is RSASSA-PSS, in base64
    /// (as in amazon-ssm-agent's `agent/ssm/rsaauth`).
    ///
    /// - Parameter machineID: for example `mi-0123456789abcdef0`.
    /// - Returns: the headers that have to be set besides the others.
    /// - Throws: ``SignatureFailure/malformed`` if there is no host, or the query cannot be decoded; what the key
    ///   throws.
    package func sign(
        machineID: String,
        key: MachineKey,
        region: String,
        service: String = "ssm",
        date: Date
    ) throws -> [(name: String, value: String)] {
        let time = SigningTime(date)
        let scope = SigningScope(day: time.day, region: region, service: service)
        let added = [(name: "X-Amz-Date", value: time.text)]
        let draft = try draft(adding: added, scope: scope, time: time)
        let signature = Data(try key.sign(Array(draft.stringToSign.utf8))).base64EncodedString()
        return added + [draft.authorization(machineID, scope, signature)]
    }

    private struct Draft {
        let signedHeaders: [String]
        let stringToSign: String

        func authorization(_ id: String, _ scope: SigningScope, _ signature: String) -> (name: String, value: String) {
            let names = signedHeaders.joined(separator: ";")
            let parts = ["Credential=\(id)/\(scope.text)", "SignedHeaders=\(names)", "Signature=\(signature)"]
            return ("Authorization", "\(SigningScope.algorithm) \(parts.joined(separator: ", "))")
        }
    }

    private func draft(
        adding added: [(name: String, value: String)],
        scope: SigningScope,
        time: SigningTime
    ) throws(SignatureFailure) -> Draft {
        var request = self
        request.headers.removeAll { ["x-amz-date", "x-amz-security-token"].contains($0.name.lowercased()) }
        request.headers += added
        let names = Set(request.headers.map { $0.name.lowercased() }).subtracting(SignableRequest.unsigned).sorted()
        guard names.contains("host") else { throw .malformed }
        let canonical = try request.canonical(signedHeaders: names, service: scope.service)
        return Draft(
            signedHeaders: names,
            stringToSign: scope.stringToSign(canonicalRequest: canonical, time: time)
        )
    }
}
