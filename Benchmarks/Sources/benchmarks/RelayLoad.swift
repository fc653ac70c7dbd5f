// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What very many sessions cost the relay: `ServerLoad` opens them and tells.
struct RelayLoad {
    private static let counts = [800, 8000]
    /// Open files that a process needs besides two a session.
    private static let otherFiles = 200

    let workshop: Workshop
    let report: Report

    func run() throws {
        report.section("sessions in one relay, both ends of each on this machine; processor time is the relay's")
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let most = Int(limit.rlim_max) / 2 - RelayLoad.otherFiles
        var counts = RelayLoad.counts
        if most < counts[1] {
            report.note("\(limit.rlim_max) open files are allowed, so there are \(most) sessions, not \(counts[1])")
            counts = [most / 10, most]
        }
        for (scheme, memory) in [("http", 20.0), ("https", 60.0)] {
            let words = scheme == "http" ? "plain" : "TLS"
            var processor: [Double] = []
            for count in counts {
                let figures = try open(count, scheme)
                func figure(_ name: String) throws -> Double {
                    guard let value = figures[name] else { throw Command.Failure(description: "no figure \(name)") }
                    return value
                }
                let name = "\(count) sessions, \(words)"
                let rate = [try figure("opened")]
                if scheme == "http" {
                    report.measure("\(name), opened", rate, unit: " a second", atLeast: 500)
                } else {
                    report.measure("\(name), opened", rate, unit: " a second", aim: nil)
                }
                report.measure("  processor time each", [try figure("processor")], aim: nil)
                report.measure("  memory each, idle", [try figure("idle") / 1000], unit: " KB", aim: memory)
                report.measure(
                    "  memory each, idle after traffic",
                    [try figure("after") / 1000],
                    unit: " KB",
                    aim: 2 * memory
                )
                processor.append(try figure("processor"))
            }
            let growth = processor[1] / processor[0]
            report.measure("processor time each, ten times as many : few, \(words)", [growth], unit: "", aim: 1.1)
        }
    }

    private func open(_ count: Int, _ scheme: String) throws -> [String: Double] {
        var figures: [String: Double] = [:]
        try RelayPlace.with(workshop, withAgent: false) { place in
            let keys = try place.makeAccessKey()
            // The agent's connections are as its registration has it.
            let path = "\(place.agentFolder)/registration.json"
            let registration = try String(contentsOfFile: path, encoding: .utf8)
                .replacingOccurrences(of: "https:", with: "\(scheme):")
            try registration.write(toFile: path, atomically: true, encoding: .utf8)
            let output =
                try workshop.run(
                    Command(
                        "\(workshop.programs)/ServerLoad",
                        [
                            "sessions", place.agentFolder, "\(scheme)://127.0.0.1:\(place.port)", place.authorities,
                            keys.id, "\(count)", "\(place.process)",
                        ],
                        environment: ["SECRET": keys.secret]
                    )
                )
                .output
            for line in output.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2 { figures[String(words[0])] = Double(words[1]) }
            }
        }
        return figures
    }
}
