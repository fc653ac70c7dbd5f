// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

// Measures a release build of Latchkey's programs; 'make benchmark' makes one and runs this. Slowness is told, never a failure.
func end(_ status: Int32, _ words: String) -> Never {
    FileHandle.standardError.write(Data("\(words)\n".utf8))
    exit(status)
}

let words = CommandLine.arguments.dropFirst()
let parts = ["entry", "resolution", "lookup", "describe", "relay"]
guard let programs = words.first, words.count <= 2, words.dropFirst().allSatisfy(parts.contains) else {
    end(64, "usage: benchmarks FOLDER-OF-PROGRAMS [\(parts.joined(separator: "|"))]")
}
Interruption.watch()
do {
    let report = Report()
    try Workshop.with(programs: programs) { workshop in
        _ = try workshop.makeFolder("home")
        for part in words.dropFirst().first.map({ [$0] }) ?? parts {
            switch part {
            case "entry": try Entry(workshop: workshop, report: report).run()
            case "resolution": try Resolution(workshop: workshop, report: report).run()
            case "lookup": try Lookup(workshop: workshop, report: report).run()
            case "describe": try Describe(workshop: workshop, report: report).run()
            default: try Relay(workshop: workshop, report: report).run()
            }
        }
    }
} catch is Interruption.Interrupted {
    end(130, "latchkey: the benchmark was interrupted")
} catch {
    end(1, "latchkey: the benchmark cannot go on: \(error)")
}
