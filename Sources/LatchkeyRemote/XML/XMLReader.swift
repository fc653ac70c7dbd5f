// SPDX-License-Identifier: Apache-2.0

internal import CLibExpat

/// Reads answers in XML, by libexpat. Documents that declare anything (a DTD, and with it entities) are refused: no
/// service sends one, and they are how small documents become large or read files.
enum XMLReader {
    /// Why an answer is not taken.
    enum Fault: Error, Equatable {
        /// expat's words, and the line.
        case malformed(String, line: Int)
        case declaresTypes
        case tooDeep
        case tooLarge
    }

    /// The most levels, elements and characters; EC2's own answers have a dozen levels.
    static let depthLimit = 64
    static let elementLimit = 1_000_000
    static let sizeLimit = 32 << 20

    /// The root of a document.
    static func read(_ bytes: [UInt8]) throws(Fault) -> XMLElement {
        guard bytes.count <= sizeLimit else { throw .tooLarge }
        guard let parser = XML_ParserCreate("UTF-8") else { throw .malformed("no memory", line: 0) }
        defer { XML_ParserFree(parser) }
        let builder = Builder(parser)
        // It outlives the parser, which does not hold on to it.
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser,
            { data, name, _ in if let name { Builder.from(data)?.begin(String(cString: name)) } },
            { data, _ in Builder.from(data)?.end() }
        )
        XML_SetCharacterDataHandler(parser) { data, text, count in
            Builder.from(data)?.append(UnsafeBufferPointer(start: text, count: Int(count)))
        }
        XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in Builder.from(data)?.fail(.declaresTypes) }
        let status = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { XML_Parse(parser, $0.baseAddress, Int32($0.count), 1) }
        }
        if let fault = builder.fault { throw fault }
        guard status == XML_STATUS_OK, let root = builder.root else {
            let message = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no reason given"
            throw .malformed(message, line: Int(XML_GetCurrentLineNumber(parser)))
        }
        return root
    }

    /// What grows while the parser goes through a document.
    private final class Builder {
        private let parser: XML_Parser
        private var open: [XMLElement] = []
        private var count = 0
        private(set) var root: XMLElement?
        private(set) var fault: Fault?

        init(_ parser: XML_Parser) { self.parser = parser }

        static func from(_ data: UnsafeMutableRawPointer?) -> Builder? {
            data.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() }
        }

        func begin(_ name: String) {
            count += 1
            if open.count >= XMLReader.depthLimit { return fail(.tooDeep) }
            if count > XMLReader.elementLimit { return fail(.tooLarge) }
            open.append(XMLElement(name: name))
        }

        func end() {
            guard var element = open.popLast() else { return }
            // Between children there are only line feeds and spaces to make it pretty.
            if !element.children.isEmpty { element.text = "" }
            if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
        }

        func append(_ text: UnsafeBufferPointer<CChar>) {
            guard !open.isEmpty else { return }
            open[open.count - 1].text += String(decoding: text.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        func fail(_ fault: Fault) {
            guard self.fault == nil else { return }
            self.fault = fault
            // What is open is taken down level by level from here on, without a handler being called.
            _ = XML_StopParser(parser, XML_Bool(XML_FALSE))
        }
    }
}

extension XMLReader.Fault {
    var message: String {
        switch self {
        case .malformed(let message, let line): "\(message) in line \(line)"
        case .declaresTypes: "it declares types of its own"
        case .tooDeep: "it goes too deep"
        case .tooLarge: "it is too large"
        }
    }
}
