// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// What a signature covers of a request, as it is sent.
package struct SignableRequest: Equatable, Sendable {
    /// In place of a body's digest: the body is not covered.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    static let digestHeader = "x-amz-content-sha256"

    package var method: String
    /// Percent-encoded, beginning with a slash; without the query.
    package var path: String
    /// What follows the question mark; empty if there is none.
    package var query: String
    /// All of them in order, the host among them. Case does not matter in the names.
    package var headers: [(name: String, value: String)]
    /// SHA-256 of the body in lower-case hexadecimal, or ``unsignedPayload``. Who verifies must have computed it from
    /// the body that came.
    package var bodyDigest: String

    /// With a digest that was computed elsewhere.
    package init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)],
        bodyDigest: String
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.bodyDigest = bodyDigest
    }

    /// With the digest of its body.
    package init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)],
        body: [UInt8]
    ) {
        let digest = Hex.encode(Digest.sha256(body))
        self.init(method: method, path: path, query: query, headers: headers, bodyDigest: digest)
    }

    package static func == (first: SignableRequest, second: SignableRequest) -> Bool {
        (first.method, first.path, first.query, first.bodyDigest)
            == (second.method, second.path, second.query, second.bodyDigest)
            && first.headers.elementsEqual(second.headers, by: ==)
    }

    /// The values of all headers of this name, which is in lower case.
    func values(of name: String) -> [String] {
        headers.lazy.filter { $0.name.lowercased() == name }.map(\.value)
    }
}
