// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Finding an instance among very many in the embedded store.
struct Lookup {
    private static let state = "lookup"
    private static let count = 1_000_000

    let workshop: Workshop
    let report: Report

    func run() throws {
        let folder = try workshop.makeFolder(Lookup.state)
        // The program makes its database itself.
        try workshop.run(workshop.latchkey("instance", "add", "first", "--address", "127.0.0.1", state: Lookup.state))
        try workshop.run(workshop.latchkey("instance", "remove", "first", state: Lookup.state))
        try ManyInstances.add(Lookup.count, to: "\(folder)/latchkey.db")
        report.section(
            "an instance among \(Lookup.count), in process with the store's opening; median (least–greatest)"
        )
        let id = ManyInstances.id(500_000)
        let selectors = [
            ("its name", "web-500000"), ("the beginning of its name", "web-77777-"), ("its id", id),
            ("the beginning of its id", String(id.prefix(12))), ("its address", "10.8.0.0"),
            ("a tag", "tag:serial=654321"),
        ]
        for (words, selector) in selectors {
            let connect = workshop.latchkey("connect", "-v", selector, "--", "true", state: Lookup.state, expected: 255)
            let times = try workshop.times(20, connect, figure: { try $0.step("instance i-") })
            report.measure("by \(words)", times, aim: 10)
        }
        // What is not found is told before the first step, so there is no other figure. Similar names are looked for.
        for (words, selector) in [("that many resemble", "wbe-1"), ("that none resembles", "xyz")] {
            let missing = workshop.latchkey("instance", "show", selector, state: Lookup.state, expected: 1)
            report.measure("by an unknown name \(words), whole process", try workshop.times(20, missing), aim: 10)
        }
        let named = workshop.latchkey("instance", "show", "web-500000", state: Lookup.state)
        report.measure("by its name, whole process", try workshop.times(20, named), aim: nil)
    }
}
