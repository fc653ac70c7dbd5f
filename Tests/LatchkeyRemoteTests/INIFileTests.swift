// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyRemote

struct INIFileTests {
    private static let files = [
        "",
        "[default]\nregion = eu-central-1\noutput=json\n",
        "# a comment\n; another\n[profile a]\n  # indented\nregion : us-east-1\nKEY = Value # not a comment\n",
        "[profile a]\ns3 =\n  max_concurrent_requests = 20\n  addressing_style=path\nregion=x\n",
        "[services mine]\nec2 =\n    endpoint_url = http://127.0.0.1:1\n\n    # between\n    other = a = b\nssm =\n  endpoint_url = x\n",
        "[profile a]\nvalue = one\n two\n\n  three\nnext = y\n",
        "[profile a]\r\nregion = x\r\ncredential_process = \"a b\" --c 'd e'\r\n",
        "[a]\nempty =\n[b]\nempty =\n\n\nother =   \n",
        "[DEFAULT]\nshared = 1\n[a]\nx = 2\n[b]\nshared = 3\n",
        "[a] ; behind\nx=1\n[b]]\ny=2\n",
        "[a]\nurl = https://host:8443/path?x=y\ncolon: a=b\n",
        "[a]\n  x = 1\n  y = 2\n    more\n",
        "[a]\nx = 1\n[a]\ny = 2\n",
        "[a]\nx = 1\nX = 2\n",
        "x = 1\n[a]\n",
        "[a]\nno value here\n",
        "[a]\nnested =\n  without equals\n",
        "[a]\n= nothing\n",
        "[]\nx=1\n",
        "[ünï]\nschlüssel = wört\n",
    ]

    private static let script = Script.text("botocore_ini")

    private enum Option: Decodable, Equatable {
        case text(String)
        case nested([String: String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .nested(try container.decode([String: String].self))
            }
        }

        init(_ value: INIFile.Value) {
            switch value {
            case .text(let text): self = .text(text)
            case .nested(let values): self = .nested(values)
            }
        }
    }

    @Test func `files are read as botocore reads them`() throws {
        try Scratch.with { scratch in
            let paths = try Self.files.enumerated().map { try scratch.write("file-\($0.offset)", $0.element) }
            let expected = try Botocore.run(
                Self.script,
                paths,
                environment: ["LANG": "C.UTF-8"],
                as: [[String: [String: Option]]?].self
            )
            for (file, expected) in zip(Self.files, expected) {
                let read = try? INIFile(file).sections.mapValues { $0.mapValues(Option.init) }
                #expect(read == expected, "\(file)")
            }
        }
    }

    @Test func `what is wrong is told with its line`() {
        #expect(throws: INIFile.Fault(line: 3, reason: "the section 'a' is there twice")) {
            try INIFile("[a]\nx=1\n[a]\n")
        }
        #expect(throws: INIFile.Fault(line: 2, reason: "it is neither a section nor an option with a value")) {
            try INIFile("[a]\nnothing\n")
        }
    }
}
