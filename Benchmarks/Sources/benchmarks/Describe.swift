// SPDX-License-Identifier: Apache-2.0

import Foundation

/// EC2's DescribeInstances at a latchkeyd that knows very many: `ServerLoad` asks and tells.
struct Describe {
    private static let count = 100_000

    let workshop: Workshop
    let report: Report

    func run() throws {
        report.section(
            "DescribeInstances among \(Describe.count), over TLS, signed, on one connection; median (least–greatest)"
        )
        try RelayPlace.with(workshop, withAgent: false) { place in
            try ManyInstances.add(Describe.count, to: "\(workshop.folder)/\(RelayPlace.state)/latchkey.db")
            let keys = try place.makeAccessKey()
            let load = Command(
                "\(workshop.programs)/ServerLoad",
                ["describe", "https://127.0.0.1:\(place.port)", place.authorities, keys.id],
                environment: ["SECRET": keys.secret]
            )
            var figures: [String: [Double]] = [:]
            for line in try workshop.run(load).output.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2, let value = Double(words[1]) {
                    figures[String(words[0]), default: []].append(value)
                }
            }
            let aims: [(name: String, words: String, aim: Double?)] = [
                ("page", "the first page, 1000 instances", 50), ("short", "the first page, 100 instances", 50),
                ("name", "the filter tag:Name, one that is there", 10), ("none", "the same, one that is not there", 10),
                ("pattern", "the same with a wildcard, 11 instances", 10), ("id", "by its id", nil),
            ]
            for (name, words, aim) in aims {
                guard let values = figures[name] else { throw Command.Failure(description: "no figure \(name)") }
                report.measure(words, values, aim: aim)
            }
        }
    }
}
