// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyCrypto

extension SignableRequest {
    /// That a request was signed by who knows a secret key, and just now.
    ///
    /// - Parameters:
    ///   - header: what the request says about its signature.
    ///   - clockSkew: by how many seconds the signer's clock may be off, which is also how old a signature may be.
    /// - Throws: all but `missing`.
    package func verify(
        _ header: SignatureHeader,
        secretAccessKey: String,
        now: Date,
        clockSkew: Int = 300
    ) throws(SignatureFailure) {
        let stringToSign = try stringToSign(header, now: now, clockSkew: clockSkew)
        let key = header.scope.signingKey(secretAccessKey: secretAccessKey)
        let expected = Hex.encode(HMAC.sha256(key: key, Array(stringToSign.utf8)))
        guard ConstantTime.equal(Array(expected.utf8), Array(header.signature.utf8)) else { throw .mismatch }
    }

    /// That a request was signed by a machine that registered itself, and just now.
    ///
    /// - Parameter publicKeyDER: the machine's, as it was registered (SubjectPublicKeyInfo).
    /// - Throws: as ``verify(_:secretAccessKey:now:clockSkew:)``.
    package func verify(
        _ header: SignatureHeader,
        publicKeyDER: [UInt8],
        now: Date,
        clockSkew: Int = 300
    ) throws(SignatureFailure) {
        let message = Array(try stringToSign(header, now: now, clockSkew: clockSkew).utf8)
        guard let signature = Data(base64Encoded: header.signature),
            MachineKey.verify(Array(signature), of: message, publicKeyDER: publicKeyDER)
        else { throw .mismatch }
    }

    /// What must have been signed, once all else is in order.
    private func stringToSign(
        _ header: SignatureHeader,
        now: Date,
        clockSkew: Int
    ) throws(SignatureFailure) -> String {
        let signed = Set(header.signedHeaders)
        // A digest that is there but not covered does no harm, since it is compared below.
        let required = headers.map { $0.name.lowercased() }
            .filter {
                $0.hasPrefix("x-amz-") && $0 != SignableRequest.digestHeader
            }
        guard signed.contains("host"), signed.isSuperset(of: required) else { throw .headersUnsigned }
        let time = if let presigned = header.presigned { presigned.time } else { try signingTime() }
        let age = SigningTime(now).seconds - time.seconds
        // A link is a request that lies about: it is good for as long as any other one, whatever it says.
        let lifetime = min(header.presigned?.lifetime ?? clockSkew, clockSkew)
        guard (-clockSkew...lifetime).contains(age) else { throw .expired }
        guard time.day == header.scope.day,
            header.signedHeaders.allSatisfy({ name in headers.contains { $0.name.lowercased() == name } }),
            values(of: SignableRequest.digestHeader).allSatisfy({ $0 == bodyDigest })
        else { throw .mismatch }
        let canonical = try canonical(
            signedHeaders: header.signedHeaders,
            service: header.scope.service,
            isPresigned: header.presigned != nil
        )
        return header.scope.stringToSign(canonicalRequest: canonical, time: time)
    }

    /// From `X-Amz-Date`, or else from `Date`. It is part of what is signed, in either case.
    private func signingTime() throws(SignatureFailure) -> SigningTime {
        let values = values(of: "x-amz-date")
        guard values.isEmpty else {
            guard values.count == 1, let time = SigningTime(basic: values[0]) else { throw .malformed }
            return time
        }
        let dates = self.values(of: "date")
        guard dates.count == 1, let time = SigningTime(basic: dates[0]) ?? SigningTime(http: dates[0]) else {
            throw .malformed
        }
        return time
    }
}
