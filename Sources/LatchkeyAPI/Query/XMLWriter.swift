// SPDX-License-Identifier: Apache-2.0

/// Writes an XML document (XML 1.0), element by element.
package struct XMLWriter: Sendable {
    private var text: String

    package init() { text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" }

    /// - Parameter attributes: written as they are.
    package mutating func element(_ name: String, _ attributes: String = "", _ content: (inout XMLWriter) -> Void) {
        text += attributes.isEmpty ? "<\(name)>" : "<\(name) \(attributes)>"
        content(&self)
        text += "</\(name)>"
    }

    package mutating func element(_ name: String, text value: String) {
        text += "<\(name)>"
        text += XMLWriter.escaped(value)
        text += "</\(name)>"
    }

    /// Nothing, if there is no value.
    package mutating func element(_ name: String, ifAny value: String?) {
        if let value { element(name, text: value) }
    }

    package mutating func element(_ name: String, _ value: Bool) { element(name, text: value ? "true" : "false") }
    package mutating func element(_ name: String, _ value: Int) { element(name, text: String(value)) }

    /// A list whose elements are called `item`, as EC2's are.
    package mutating func list<Element>(
        _ name: String,
        _ elements: [Element],
        _ content: (inout XMLWriter, Element) -> Void
    ) {
        element(name) { list in for element in elements { list.element("item") { content(&$0, element) } } }
    }

    package var bytes: [UInt8] { Array(text.utf8) }

    /// What XML has no place for (§2.2) is replaced.
    private static func escaped(_ value: String) -> String {
        var result = ""
        result.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\r": result += "&#13;"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
