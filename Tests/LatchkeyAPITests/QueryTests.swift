// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAPI

struct QueryTests {
    private struct Inner: Codable, Equatable {
        var name: String
        var value: [String]?
    }

    private struct Outer: Codable, Equatable {
        var count: Int?
        var isOn: Bool?
        var filter: [Inner]?
        var inner: Inner?
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ form: String) throws -> Value {
        try QueryForm(Array(form.utf8)).decode(type)
    }

    private static func fault(_ form: String) -> QueryFault? {
        do {
            _ = try decode(Outer.self, form)
            return nil
        } catch {
            return error as? QueryFault
        }
    }

    @Test func `lists, structures and values are read in their order`() throws {
        let form =
            "Action=X&Version=1&Count=3&IsOn=true&Filter.2.Name=b&Filter.10.Name=c&Filter.1.Name=a%20%26+%C3%BC"
            + "&Filter.1.Value.2=two&Filter.1.Value.1=one&Inner.Name=&&"
        let outer = try Self.decode(Outer.self, form)
        #expect(outer.count == 3 && outer.isOn == true && outer.inner == Inner(name: "", value: nil))
        #expect(outer.filter?.map(\.name) == ["a & ü", "b", "c"])
        #expect(outer.filter?.first?.value == ["one", "two"])
        #expect(try Self.decode(Outer.self, "") == Outer())
        // libcloud counts from 0 in places.
        #expect(try Self.decode(Outer.self, "Filter.1.Name=b&Filter.0.Name=a").filter?.map(\.name) == ["a", "b"])
        // A presigned request has its signature beside its parameters.
        let link = "X-Amz-Algorithm=A&X-Amz-Credential=C&X-Amz-Date=D&X-Amz-Expires=1&X-Amz-SignedHeaders=host"
        #expect(try Self.decode(Outer.self, "Count=1&\(link)&X-Amz-Signature=S&X-Amz-Security-Token=T").count == 1)
    }

    @Test func `what is no request is refused with the name`() {
        #expect(Self.fault("Count=1&Count=1") == .duplicate("Count"))
        #expect(Self.fault("Inner=1&Inner.Name=1") == .duplicate("Inner.Name"))
        #expect(Self.fault("Inner.Name=1&Inner=1") == .duplicate("Inner"))
        #expect(Self.fault("Filter.1.Value.1=x") == .missing("Filter.1.Name"))
        #expect(Self.fault("Other.1.X=x") == .unknown("Other.1.X"))
        #expect(Self.fault("Inner.Name=x&Inner.Other=y") == .unknown("Inner.Other"))
        #expect(Self.fault("Filter.01.Name=x") == .unknown("Filter.01"))
        #expect(Self.fault("Filter.-1.Name=x") == .unknown("Filter.-1"))
        #expect(Self.fault("Filter.%2B1.Name=x") == .unknown("Filter.+1"))
        #expect(Self.fault("Filter.x.Name=x") == .unknown("Filter.x"))
        for form in ["Count=x", "Count=", "Count.1=1", "IsOn=yes", "Filter=x", "Inner=x", "Count=99999999999999999999"]
        {
            if case .invalid = Self.fault(form) { continue }
            Issue.record("\(form): \(String(describing: Self.fault(form)))")
        }
        let deep = String(repeating: "A.", count: 8) + "A=1"
        let many = (0...QueryForm.countLimit).map { "P\($0)=" }.joined(separator: "&")
        for form in [deep, many, "%=1", "%zz=1", "A=%FF", ".=1", "A..B=1", String(repeating: "A", count: 300), "A.=1"] {
            if case .malformed = Self.fault(form) { continue }
            Issue.record("\(form.prefix(40)): \(String(describing: Self.fault(form)))")
        }
    }

    @Test func `a request is read as it was written`() throws {
        let outer = Outer(
            count: -1,
            isOn: false,
            filter: [Inner(name: "tag:ü & =", value: ["*", ""]), Inner(name: "b", value: nil)],
            inner: Inner(name: "\n\u{0}%", value: ["x"])
        )
        let form = try QueryEncoder.encode(outer, operation: "X", version: "1")
        #expect(try QueryForm(form).decode(Outer.self) == outer)
        #expect(QueryFault.missing("A").message.contains("A"))
        var request = EC2.RunInstances(imageId: "ami-1", minCount: 1, maxCount: 2)
        request.tagSpecification = [EC2.TagSpecification(resourceType: "instance", tag: [.init(key: "a", value: nil)])]
        let text = String(
            decoding: try QueryEncoder.encode(request, operation: "RunInstances", version: EC2.version),
            as: UTF8.self
        )
        #expect(text.contains("&TagSpecification.1.Tag.1.Key=a"))
    }

    @Test func `nonsense is refused and never more`() throws {
        var generator = SeededGenerator(seed: 1)
        let chunks = [
            "Filter", "Inner", "Name", "Value", "Count", ".", ".", "1", "2", "=", "=", "&", "&", "%", "%41", "+", "x",
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            let form = (0..<Int.random(in: 0..<14, using: &generator))
                .map { _ in chunks.randomElement(using: &generator) ?? "" }.joined()
            guard let outer = try? Self.decode(Outer.self, form) else { continue }
            accepted += 1
            let written = try QueryEncoder.encode(outer, operation: "X", version: "1")
            #expect(try QueryForm(written).decode(Outer.self) == outer, "\(form)")
        }
        #expect(accepted > 50)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &generator))
                .map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? QueryForm(bytes).decode(Outer.self)
        }
    }

    private struct Answer: Codable {
        var text: String
        var number = 5
        var isTrue = true
        var date = Date(timeIntervalSince1970: 1_700_000_000.007)
        var list = ["a", "<"]
        var missing: String?
        var inner = [Inner(name: "n", value: [])]
    }

    private static func xml(_ text: String, _ style: QueryXML = .ec2) throws -> String {
        String(decoding: try style.encode(Answer(text: text)), as: UTF8.self)
    }

    @Test func `an answer is XML that any parser takes`() throws {
        let rest =
            "<number>5</number><isTrue>true</isTrue><date>2023-11-14T22:13:20.007Z</date>"
            + "<list><item>a</item><item>&lt;</item></list><inner><item><name>n</name><value></value></item></inner>"
        #expect(try Self.xml("x") == "<text>x</text>" + rest)
        #expect(try Self.xml("x", .query).contains("<list><member>a</member>"))
        #expect(try Self.xml("a<b>&\r\n\t]]>").hasPrefix("<text>a&lt;b&gt;&amp;&#xD;\n\t]]&gt;</text>"))
        #expect(
            try Self.xml("\u{0}\u{1B}\u{FFFE}\u{FFFF}\u{FFFD}é")
                .hasPrefix("<text>\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}é<")
        )
        let answer = try QueryXML.answer("Op", Answer(text: "\u{FFFF}\u{B}"), requestID: "id")
        let script = "import sys, xml.dom.minidom as m; print(m.parse(sys.stdin.buffer).documentElement.tagName)"
        #expect(try Execution.run(["python3", "-c", script], input: Data(answer)).line == "OpResponse")
    }

    @Test func `a secret stands in its answer as any text does`() throws {
        var answer = try QueryXML.answer("Op", Inner(name: "n", value: nil), requestID: "id")
        var secret = Secret(capacity: 10)
        for byte in "a<&\r>".utf8 { _ = secret.append(byte) }
        let rest = QueryXML.split(&answer, "Op", adding: "material", secret)
        let text = rest.withBytes { String(decoding: $0, as: UTF8.self) }
        #expect(String(decoding: answer, as: UTF8.self).hasSuffix("<name>n</name>"))
        #expect(text == "<material>a&lt;&amp;&#xD;&gt;</material></OpResponse>")
    }
}
