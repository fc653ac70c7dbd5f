// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LatchkeyRemote

struct XMLTests {
    private func read(_ text: String) throws -> XMLElement { try XMLReader.read(Array(text.utf8)) }

    @Test func `a document becomes a tree, without attributes, comments and the space between`() throws {
        let root = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Answer xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
              <!-- nothing --> <a x="1">one &amp; &lt;two&gt; &#233;</a>
              <b><item>1</item><item>2</item></b><c/><d><![CDATA[<x>]]></d>
            </Answer>
            """
        )
        #expect(root.name == "Answer")
        #expect(root["a"]?.text == "one & <two> é")
        #expect(root["b"]?.children.map(\.text) == ["1", "2"])
        #expect(root["c"]?.text == "")
        #expect(root["d"]?.text == "<x>")
        #expect(root.text.isEmpty)
    }

    @Test func `documents that declare anything are refused`() {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
            <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><lolz>&c;</lolz>
            """
        #expect(throws: XMLReader.Fault.declaresTypes) { try read(bomb) }
        let file = "<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&f;</a>"
        #expect(throws: XMLReader.Fault.declaresTypes) { try read(file) }
        #expect(throws: XMLReader.Fault.declaresTypes) { try read("<!DOCTYPE a SYSTEM \"http://127.0.0.1/x\"><a/>") }
    }

    @Test func `documents that are too deep or too large are refused`() {
        let deep = String(repeating: "<a>", count: 65) + String(repeating: "</a>", count: 65)
        #expect(throws: XMLReader.Fault.tooDeep) { try read(deep) }
        let fitting = String(repeating: "<a>", count: 64) + String(repeating: "</a>", count: 64)
        #expect((try? read(fitting)) != nil)
        let wide = "<a>" + String(repeating: "<b/>", count: XMLReader.elementLimit) + "</a>"
        #expect(throws: XMLReader.Fault.tooLarge) { try read(wide) }
    }

    @Test(arguments: ["", "<a>", "<a></b>", "text", "<a>&unknown;</a>", "<a/><b/>", "<a>\u{0}</a>", "{\"a\": 1}"])
    func `what is no document is refused`(text: String) {
        #expect(throws: XMLReader.Fault.self) { try read(text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: XMLReader.Fault.self) {
            try XMLReader.read(Array("<a>".utf8) + [0xFF, 0xFE] + Array("</a>".utf8))
        }
    }

    private struct Shape: Decodable, Equatable {
        struct Item: Decodable, Equatable {
            let name: String
            let count: Int?
        }

        let flag: Bool
        let number: Int
        let date: Date
        let items: [Item]
        let texts: [String]?
        let missing: String?
        let empty: [Item]?
    }

    @Test func `a tree is decoded`() throws {
        let root = try read(
            """
            <r><flag>true</flag><number>7</number><date>2026-11-24T15:00:00.000Z</date>
            <items><item><name>a</name><count>1</count></item><member><name>b</name></member></items>
            <texts><item>x</item><item/></texts><empty/></r>
            """
        )
        let shape = try XMLDecoder().decode(Shape.self, from: root)
        #expect(
            shape
                == Shape(
                    flag: true,
                    number: 7,
                    date: Date(timeIntervalSince1970: 1_795_532_400),
                    items: [Shape.Item(name: "a", count: 1), Shape.Item(name: "b", count: nil)],
                    texts: ["x", ""],
                    missing: nil,
                    empty: []
                )
        )
        #expect(throws: DecodingError.self) { try XMLDecoder().decode(Shape.self, from: XMLElement(name: "r")) }
    }
}
