// SPDX-License-Identifier: Apache-2.0

/// The XML in which the Query protocol answers.
package struct QueryXML: Sendable {
    /// How one element of a list is called.
    private let elementName: String

    /// EC2's lists are of `item`.
    package static let ec2 = QueryXML(elementName: "item")
    /// STS's and its like are of `member`.
    package static let query = QueryXML(elementName: "member")

    static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    /// The content of an element: what stands between its tags.
    package func encode(_ value: some Encodable) throws -> [UInt8] {
        let writer = QueryXMLWriter(elementName: elementName)
        try value.encode(to: QueryXMLEncoder(writer: writer))
        return writer.bytes
    }

    /// EC2's answer to an operation.
    package static func answer(_ operation: String, _ value: some Encodable, requestID: String) throws -> [UInt8] {
        let head = "\(declaration)<\(operation)Response xmlns=\"\(EC2.namespace)\"><requestId>\(requestID)</requestId>"
        return Array(head.utf8) + (try ec2.encode(value)) + Array("</\(operation)Response>".utf8)
    }

    /// STS's answer to an operation.
    package static func stsAnswer(_ operation: String, _ value: some Encodable, requestID: String) throws -> [UInt8] {
        let head = "\(declaration)<\(operation)Response xmlns=\"\(STS.namespace)\"><\(operation)Result>"
        let tail =
            "</\(operation)Result><ResponseMetadata><RequestId>\(requestID)</RequestId></ResponseMetadata>"
            + "</\(operation)Response>"
        return Array(head.utf8) + (try query.encode(value)) + Array(tail.utf8)
    }

    /// EC2's answer to a mistake.
    package static func failure(code: String, message: String, requestID: String) -> [UInt8] {
        let error = "<Code>\(escaped(code))</Code><Message>\(escaped(message))</Message>"
        let text = "<Response><Errors><Error>\(error)</Error></Errors><RequestID>\(requestID)</RequestID></Response>"
        return Array((declaration + text).utf8)
    }

    /// STS's answer to a mistake.
    ///
    /// - Parameter isOurs: whether it is the server's own.
    package static func stsFailure(code: String, message: String, isOurs: Bool, requestID: String) -> [UInt8] {
        let type = "<Type>\(isOurs ? "Receiver" : "Sender")</Type>"
        let error = "<Error>\(type)<Code>\(escaped(code))</Code><Message>\(escaped(message))</Message></Error>"
        let text =
            "<ErrorResponse xmlns=\"\(STS.namespace)\">\(error)<RequestId>\(requestID)</RequestId></ErrorResponse>"
        return Array((declaration + text).utf8)
    }

    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        escape(text, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Most texts have nothing that would be read as something else, and go as they are.
    static func escape(_ text: String, into bytes: inout [UInt8]) {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "&")
                && byte != 0xEF
        }
        guard !isPlain else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        for byte in text.utf8 { append(byte, to: &bytes) }
    }

    /// What stands in XML for a byte of UTF-8 that would be read as something else, such as a carriage return, which would be
    /// the end of a line; nil for a byte that stands for itself. For what XML 1.0 (§2.2) does not know in any form, U+FFFD
    /// stands in.
    static func entity(for byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "\r"): "&#xD;"
        case 0..<0x20 where byte != 0x09 && byte != 0x0A: "\u{FFFD}"
        default: nil
        }
    }

    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        if let entity = entity(for: byte) {
            bytes.append(contentsOf: entity.utf8)
        } else if byte == 0xBE || byte == 0xBF, bytes.suffix(2) == [0xEF, 0xBF] {
            // U+FFFE and U+FFFF differ from U+FFFD in their last byte.
            bytes.append(0xBD)
        } else {
            bytes.append(byte)
        }
    }
}
