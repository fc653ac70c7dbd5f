// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel

/// Where the XML of an answer comes to be.
final class QueryXMLWriter {
    var bytes: [UInt8] = []
    let elementName: String

    init(elementName: String) { self.elementName = elementName }

    func element(_ name: String, _ content: () throws -> Void) rethrows {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
        try content()
        bytes.append(contentsOf: "</".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }

    func write(_ text: String) { QueryXML.escape(text, into: &bytes) }

    func write(_ value: some Encodable) throws {
        if let date = value as? Date {
            bytes.append(contentsOf: QueryXML.text(of: date).utf8)
        } else {
            try value.encode(to: QueryXMLEncoder(writer: self))
        }
    }
}
