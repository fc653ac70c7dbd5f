// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

// Measures a release build of Latchkey; 'make benchmark' makes one and runs this. Slowness is told, never a failure.
func end(_ status: Int32, _ words: String) -> Never {
    FileHandle.standardError.write(Data("\(words)\n".utf8))
    exit(status)
}

guard CommandLine.arguments.count == 2 else { end(64, "usage: benchmarks PROGRAM") }
Interruption.watch()
do {
    let report = Report()
    try Workshop.with(program: CommandLine.arguments[1]) { workshop in
        _ = try workshop.makeFolder("home")
        try Entry(workshop: workshop, report: report).run()
        try Resolution(workshop: workshop, report: report).run()
        try Lookup(workshop: workshop, report: report).run()
    }
} catch is Interruption.Interrupted {
    end(130, "latchkey: the benchmark was interrupted")
} catch {
    end(1, "latchkey: the benchmark cannot go on: \(error)")
}
