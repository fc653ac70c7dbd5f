// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

struct NaturalOrderTests {
    @Test(arguments: [
        ["app-1", "app-2", "app-10", "app-12", "app-100"],
        ["app", "app-1", "app-1-a", "app1"],
        ["app-02", "app-2", "app-10"],
        ["Alpha", "alpha", "beta", "Gamma"],
        ["1.9.10", "1.10.2", "10.0.0.1"],
        ["db", "größe", "東京-2", "東京-10"],
        ["", "a"],
        ["n9", "n99999999999999999999999", "n100000000000000000000000"],
    ])
    func `a list is in the order in which one looks for things`(sorted: [String]) {
        for (index, first) in sorted.enumerated() {
            #expect(!first.naturallyPrecedes(first))
            for second in sorted[(index + 1)...] {
                #expect(first.naturallyPrecedes(second), "\(first) \(second)")
                #expect(!second.naturallyPrecedes(first), "\(second) \(first)")
            }
        }
        #expect(sorted.reversed().sorted { $0.naturallyPrecedes($1) } == sorted)
    }

    @Test func `instances without a name are at the end, by id`() {
        func instance(_ id: String, _ name: String?) -> Instance {
            Instance(id: id, tags: name.map { ["Name": $0] } ?? [:], addresses: [], created: Date())
        }
        let sorted = [
            instance("i-9", "app-2"), instance("i-1", "app-12"), instance("i-3", "app-12"), instance("i-0", nil),
            instance("i-5", nil),
        ]
        #expect(sorted.reversed().sorted { $0.naturallyPrecedes($1) } == sorted)
    }

    @Test func `the beginning of a name is told from a name`() {
        let web = Instance(
            id: "i-0a1b2c3d4e5f60718",
            tags: ["Name": "web-1"],
            addresses: ["10.0.0.7"],
            created: Date()
        )
        for text in ["w", "web", "i-0a"] { #expect(web.isMeantByBeginning(text), "\(text)") }
        for text in ["web-1", web.id, "10.0.0.7", "tag:Name=web-1", "eb"] {
            #expect(!web.isMeantByBeginning(text), "\(text)")
        }
    }

    @Test func `what is near a word is found, the nearest first`() {
        let commands = ["connect", "explain", "instance", "key", "doctor", "session"]
        #expect(EditDistance.nearest(to: "conect", among: commands) == ["connect"])
        #expect(EditDistance.nearest(to: "Instnace", among: commands) == ["instance"])
        #expect(EditDistance.nearest(to: "kye", among: commands) == ["key"])
        #expect(EditDistance.nearest(to: "web-1", among: commands).isEmpty)
        #expect(
            EditDistance.nearest(to: "web-1", among: ["web-3", "web", "wen-1", "web-2"]) == ["web-2", "web-3", "wen-1"]
        )
    }
}
