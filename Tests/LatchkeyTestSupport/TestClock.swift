// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The clock of one program, which a test sets by writing into a file. What measures durations is not touched.
package struct TestClock {
    private static let library: String? = {
        let folders =
            ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "/usr/lib/\($0)/faketime" } + ["/usr/lib/faketime"]
        return folders.map { "\($0)/libfaketimeMT.so.1" }.first { FileManager.default.fileExists(atPath: $0) }
    }()

    /// Whether libfaketime is installed.
    package static let isThere = library != nil

    /// The file: seconds that the clock is ahead, with a sign.
    package let path: String

    /// One that is right, at first.
    package init(_ scratch: Scratch) throws { path = try scratch.write("clock", "+0\n") }

    /// Sets it, for programs that run too.
    package func set(days: Int) throws {
        let new = "\(path).new"
        try Data("\(days < 0 ? "" : "+")\(days * 86_400)\n".utf8).write(to: URL(fileURLWithPath: new))
        guard rename(new, path) == 0 else { throw HarnessError("the clock cannot be set") }
    }

    /// What a program's command line has to begin with.
    package var words: [String] {
        [
            "env", "LD_PRELOAD=\(TestClock.library ?? "")", "FAKETIME_TIMESTAMP_FILE=\(path)", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            // The library sets a variable in the first program that it finds itself in, and a Swift program whose
            // environment was moved by that does not find its arguments.
            "env",
        ]
    }
}
