// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeySystem

extension QueryXML {
    /// The last element of an answer with a text that must not lie about, and the answer's end behind it.
    ///
    /// - Parameters:
    ///   - answer: the answer so far, made by ``answer(_:_:requestID:)``; its end is taken off.
    ///   - text: in UTF-8.
    /// - Returns: what belongs behind `answer`.
    package static func split(
        _ answer: inout [UInt8],
        _ operation: String,
        adding name: String,
        _ text: borrowing Secret
    ) -> Secret {
        let end = "</\(operation)Response>"
        answer.removeLast(end.utf8.count)
        let (head, tail) = ("<\(name)>", "</\(name)>\(end)")
        let worst = "&quot;".utf8.count
        return text.withBytes { bytes in
            var secret = Secret(capacity: head.utf8.count + tail.utf8.count + bytes.count * worst)
            // There is room for the worst that could come.
            for byte in head.utf8 { _ = secret.append(byte) }
            for byte in bytes {
                if let entity = entity(for: byte) {
                    for byte in entity.utf8 { _ = secret.append(byte) }
                } else {
                    _ = secret.append(byte)
                }
            }
            for byte in tail.utf8 { _ = secret.append(byte) }
            return secret
        }
    }
}
