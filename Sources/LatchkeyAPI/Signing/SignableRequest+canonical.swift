// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// The canonical form (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
extension SignableRequest {
    /// - Parameters:
    ///   - signedHeaders: their names, in lower case and sorted.
    ///   - service: S3 takes the path as it is; for all others it is encoded once more.
    ///   - isPresigned: whether the query carries the signature, which then does not cover itself.
    /// - Throws: `malformed` if the query cannot be decoded.
    package func canonical(
        signedHeaders: [String],
        service: String,
        isPresigned: Bool = false
    ) throws(SignatureFailure) -> String {
        var lines = [method, canonicalPath(service: service), try canonicalQuery(isPresigned: isPresigned)]
        for name in signedHeaders {
            lines.append(name + ":" + values(of: name).map(SignableRequest.trimmed).joined(separator: ","))
        }
        lines += ["", signedHeaders.joined(separator: ";"), bodyDigest]
        return lines.joined(separator: "\n")
    }

    /// As botocore has it, without empty and dot segments; Go's SDK leaves those, but sends none.
    func canonicalPath(service: String) -> String {
        guard service != "s3" else { return path.isEmpty ? "/" : path }
        var segments: [Substring.UTF8View] = []
        for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
            switch segment.count {
            case 1 where segment.first == UInt8(ascii: "."): continue
            case 2 where segment.allSatisfy({ $0 == UInt8(ascii: ".") }): _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        let hasEnd = path.utf8.last == UInt8(ascii: "/") && !segments.isEmpty
        let encoded = segments.map { PercentEncoding.encode($0) }.joined(separator: "/")
        return (path.isEmpty || path.utf8.first == UInt8(ascii: "/") ? "/" : "") + encoded + (hasEnd ? "/" : "")
    }

    /// Sorted by name, then by value.
    private func canonicalQuery(isPresigned: Bool) throws(SignatureFailure) -> String {
        try SignableRequest.parameters(of: query).filter { !isPresigned || $0.name != "X-Amz-Signature" }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// A query's names and values in their one canonical encoding; a name without a value has an empty one.
    ///
    /// - Throws: `malformed` if a percent sign is not followed by two digits.
    static func parameters(of query: String) throws(SignatureFailure) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0].utf8, plusIsSpace: true),
                let value = PercentEncoding.decode((parts.count > 1 ? parts[1] : "").utf8, plusIsSpace: true)
            else { throw .malformed }
            found.append((PercentEncoding.encode(name), PercentEncoding.encode(value)))
        }
        return found
    }

    /// Without what is around it, and with one space where there are several.
    static func trimmed(_ value: String) -> String {
        let (space, tab) = (UInt8(ascii: " "), UInt8(ascii: "\t"))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.utf8.count)
        for byte in value.utf8.drop(while: { $0 == space || $0 == tab }) {
            if byte != space || bytes.last != space { bytes.append(byte) }
        }
        while let last = bytes.last, last == space || last == tab { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
