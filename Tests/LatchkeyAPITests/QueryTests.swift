// SPDX-License-Identifier: Apache-2.0

import LatchkeyAPI
import Testing

struct QueryTests {
    @Test func `parameters are read, with lists and structures in the order of their numbers`() throws {
        let form =
            "Action=Do+it&Filter.2.Name=b&Filter.10.Name=c&Filter.1.Name=a%26b&Filter.1.Value.1=x&Filter.1.Value.3=z&Empty=&Bare"
        let parameters = try QueryParameters(form: form.utf8)
        #expect(parameters["Action"] == "Do it")
        #expect(parameters["Empty"] == "" && parameters["Bare"] == "" && parameters["None"] == nil)
        let filters = parameters.structures("Filter")
        #expect(filters.map { $0["Name"] } == ["a&b", "b", "c"])
        #expect(filters[0].list("Value") == ["x", "z"])
        #expect(parameters.list("Filter") == [] && parameters.structures("Filt") == [])
    }

    @Test(arguments: [
        ("a=%", QueryParameters.Fault.malformed), ("a=%4", .malformed), ("%FF=1", .malformed),
        ("a=1&a=2", .duplicate("a")),
        ("a=1&%61=2", .duplicate("a")),
    ])
    func `what is no form is refused`(form: String, fault: QueryParameters.Fault) {
        #expect(throws: fault) { try QueryParameters(form: form.utf8) }
    }

    @Test func `absurd numbers and depths do no harm`() throws {
        let form = "L.99999999999999999999=x&L.-1=y&L.1.2.3.4.5.6=z&L..=q&L.7=ok"
        let parameters = try QueryParameters(form: form.utf8)
        #expect(parameters.list("L").contains("ok"))
        _ = parameters.structures("L")
        let many = (0..<20_001).map { "p\($0)=1" }.joined(separator: "&")
        #expect(throws: QueryParameters.Fault.tooMany) { try QueryParameters(form: many.utf8) }
    }

    @Test func `XML keeps what it can hold and replaces the rest`() {
        var xml = XMLWriter()
        xml.element("a") { xml in
            xml.element("b", text: "<&>\"'\u{0}\u{1B}\r\n é")
            xml.list("c", [1, 2]) { $0.element("d", $1) }
            xml.element("e", ifAny: nil)
        }
        #expect(
            String(decoding: xml.bytes, as: UTF8.self) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <a><b>&lt;&amp;&gt;&quot;'\u{FFFD}\u{FFFD}&#13;
                 é</b><c><item><d>1</d></item><item><d>2</d></item></c></a>
                """
        )
    }
}
